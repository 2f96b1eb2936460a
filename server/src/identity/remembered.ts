/** How long a record is used, in milliseconds: for so long, a credential that was taken back still works. */
const MAX_AGE = 1_000;
const MAX_ENTRIES = 10_000;

/** What was read of credentials, for a second, so that a busy client does not cost a query for each request. */
export class Remembered<Key, Value> {
  readonly #records = new Map<Key, { value: Value; at: number }>();

  /** Null: it has to be read, since it is older than `maxAge` milliseconds, or not known. */
  find(key: Key, maxAge = MAX_AGE): Value | null {
    const known = this.#records.get(key);
    return known && Date.now() - known.at < maxAge ? known.value : null;
  }

  /** The same, however long ago it was read. */
  findOld(key: Key): Value | undefined {
    return this.#records.get(key)?.value;
  }

  /** `at`: when reading it began, in Unix milliseconds. */
  set(key: Key, value: Value, at: number): void {
    setBounded(this.#records, key, { value, at });
  }

  delete(key: Key): void {
    this.#records.delete(key);
  }
}

/** Maps iterate in insertion order, so the first key is the oldest. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  if (map.size >= MAX_ENTRIES) map.delete(map.keys().next().value!);
  map.set(key, value);
}
