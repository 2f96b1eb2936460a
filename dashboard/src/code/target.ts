/** Where requests go, for code that is made of them. */
export interface Target {
  /** Address of the install without a path, for example `https://cloud.example.org`. */
  url: string;
  /** The team that requests act on; null: that of the token. */
  team: number | null;
}

/** The path with its parameters, for example `/snapshots/database/4/clone`. */
export const filledPath = (path: string, parameters: Readonly<Record<string, string | number>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])));

/** A name that shells, HCL and TypeScript take, made of `text`; `fallback` where nothing of it is left. */
export function identifierOf(text: string, fallback: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '');
  return name || fallback;
}
