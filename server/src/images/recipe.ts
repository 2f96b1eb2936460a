/**
 * How to build an image: data only, `builder.ts` does the work. Any change of a recipe changes its hash, and the image
 * is rebuilt when it is next needed.
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
  /** Shell commands to run as root in the image, in order, after packages and files are there. */
  commands: readonly string[];
  /** Command in the image that prints its engine's parameters as JSON (`EngineParameter[]`); null: no engine. */
  parameters: string | null;
}

export interface RecipeFile {
  path: string;
  content: string;
  mode?: string;
}

/** A file that Incus writes into a new instance, rendered from the instance's configuration. */
export interface Template {
  target: string;
  name: string;
  content: string;
  /** `properties.default` in `content`. The template language cannot express line breaks in text. */
  default: string;
}

/** Time zones, including names that newer releases of Debian have in a package of their own, such as `US/Eastern`. */
export const zonePackages = (suite: string): readonly string[] =>
  suite === 'bookworm' ? ['tzdata'] : ['tzdata', 'tzdata-legacy'];
