import pg from 'pg';

/** How often a statement must have been sent before it is prepared: most of those sent once are never sent again. */
const USES = 5;
/** Number of statements to prepare. Each takes some 10 to 100 kB in every connection that has used it. */
const MAX_KEPT = 300;
/** Number of statements whose uses are counted, which bounds the memory. */
const MAX_COUNTED = 2000;

/** Names of the prepared statements of this process, by their text. */
const names = new Map<string, string>();
const uses = new Map<string, number>();
let made = 0;

/**
 * A client that uses prepared statements for SQL that is sent repeatedly with parameters. PostgreSQL then parses it
 * only once per connection, and plans it once where the plan does not depend on the parameters. For most of our
 * statements, parsing and planning cost more than execution.
 */
export class PreparingClient extends pg.Client {
  // pg declares a dozen overloads of this call. Only text with parameters is prepared, others are passed on unchanged.
  override query(...call: unknown[]): never {
    const [text, values, callback] = call;
    const query = super.query as (...call: unknown[]) => unknown;
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : null;
    if (name === null) return query.apply(this, call) as never;
    const answer = query.call(this, { name, text, values }, callback);
    // The caller handles the error itself.
    if (answer instanceof Promise) answer.catch((error) => forgetChanged(text as string, error));
    return answer as never;
  }
}

function nameOf(text: string): string | null {
  const name = names.get(text);
  if (name !== undefined) return name;
  const count = (uses.get(text) ?? 0) + 1;
  if (uses.size >= MAX_COUNTED) uses.clear();
  uses.set(text, count);
  return count > USES && names.size < MAX_KEPT ? keep(text) : null;
}

function keep(text: string): string {
  uses.delete(text);
  made += 1;
  const name = `s${made}`;
  names.set(text, name);
  return name;
}

/**
 * Forgets a prepared statement that PostgreSQL rejects (`feature_not_supported`) because a changed table gives its
 * result other columns. Its next use prepares it again under a new name.
 */
function forgetChanged(text: string, error: unknown): void {
  if ((error as { code?: unknown }).code === '0A000') names.delete(text);
}
