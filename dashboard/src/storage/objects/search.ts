/** Which part of a bucket an address shows. */
export interface ObjectsSearch {
  /** The folder, with a slash at its end; undefined: all files. */
  folder?: string | undefined;
  /** Where the page begins; undefined: at the first file. */
  after?: string | undefined;
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const searchOf = ({ folder, after }: Record<string, unknown>): ObjectsSearch => ({
  folder: textIn(folder),
  after: textIn(after),
});
