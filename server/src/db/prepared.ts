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
 * A client that has PostgreSQL keep what is sent with parameters again and again (a prepared statement), for as long as
 * the connection lasts. PostgreSQL then parses and, where the plan does not depend on the parameters, plans it once; for
 * most of our statements that is more work than to execute them.
 */
export class PreparingClient extends pg.Client {
  // pg declares a dozen forms of this call: all but text with parameters are handed on as they are.
  override query(...call: unknown[]): never {
    const [text, values, callback] = call;
    const query = super.query as (...call: unknown[]) => unknown;
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : null;
    if (name === null) return query.apply(this, call) as never;
    const answer = query.call(this, { name, text, values }, callback);
    // The error itself is for who has asked.
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
 * A table was changed in such a way that a kept statement would answer with other columns, which PostgreSQL refuses
 * (`feature_not_supported`): under a new name it is right again.
 */
function forgetChanged(text: string, error: unknown): void {
  if ((error as { code?: unknown }).code === '0A000') names.delete(text);
}
