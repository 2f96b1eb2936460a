/**
 * How an image is made that Danube builds itself: data only, `builder.ts` does the work. Any change of a recipe gives
 * it another hash, and the image is built anew when it is next needed.
 */
export interface Recipe {
  id: string;
  /** Debian release. */
  suite: string;
  description: string;
  packages: readonly string[];
  /** Files in the image: path, content, and mode where it is not 0644. */
  files: readonly RecipeFile[];
  /** Files that Incus writes into each new instance. */
  templates: readonly Template[];
  /** Shell commands run as root inside the image once packages and files are there, in order. */
  commands: readonly string[];
  /** Command inside the image that prints its engine's parameters as JSON (`EngineParameter[]`); null: it has none. */
  parameters: string | null;
}

export interface RecipeFile {
  path: string;
  content: string;
  mode?: string;
}

/** A file that Incus writes into a new instance, from what the instance's configuration says. */
export interface Template {
  target: string;
  name: string;
  content: string;
  /** `properties.default` in `content`. The template language knows no line breaks in text. */
  default: string;
}
