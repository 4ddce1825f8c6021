/**
 * An expression for the page: the contrast of text and ground (WCAG 2.2: 1 to 21) for each shade of a
 * token, and for the texts around them.
 */
export const contrasts = `(() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (...layers) => {
    for (const colour of layers) {
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = getComputedStyle(document.body).backgroundColor;
  const result = {};
  const measure = (name, element) => {
    const { color, backgroundColor, fill } = getComputedStyle(element);
    const ground = luminance(paper, backgroundColor);
    const ink = luminance(paper, backgroundColor, element instanceof SVGElement ? fill : color);
    result[name] = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
  };
  const token = document.querySelector('#text .tokens span');
  const before = token.className;
  for (const name of ['unseen', ...Array.from({ length: 11 }, (_, level) => 'h' + level)]) {
    token.className = name;
    measure(name, token);
  }
  token.className = before;
  for (const selector of ['h1', 'dt', 'dd', '.legend', '.readout', '.chart text', '.hint', 'h3', '.head-map span', '.timeline output', '#head-state']) {
    measure(selector, document.querySelector(selector));
  }
  return result;
})()`;
