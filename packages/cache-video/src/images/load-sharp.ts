/** The image library, which is loaded when the first image is: videos and text need none. */
export async function loadSharp() {
  return (await import('sharp')).default;
}
