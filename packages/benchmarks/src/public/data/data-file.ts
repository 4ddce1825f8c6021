/** A file of a data set: on the disk, or in an archive. */
export interface DataFile {
  /** Where it is, for messages: `data.zip: data/trec.jsonl` for one in an archive. */
  readonly name: string;
  /** Path below the folder or in the archive, with `/`, without `.gz`. */
  readonly path: string;
  readonly isInArchive: boolean;
  bytes(): AsyncIterable<Uint8Array>;
  /** All of it. */
  whole(): Promise<Uint8Array>;
}
