/** Tags are a list of words in the API, and pairs in S3: `project=web` is one with a value, `urgent` one without. */

export function tagsToStore(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((tag) => {
      const [name, ...value] = tag.split('=');
      return [name!, value.join('=')];
    }),
  );
}

export const tagsToList = (tags: Readonly<Record<string, string>>): string[] =>
  Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
