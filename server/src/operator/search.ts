import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** Whether one of these expressions, which are in lower case, has the text anywhere, whatever its case. */
export function hasPart(texts: readonly RawBuilder<string>[], part: string): RawBuilder<SqlBool> {
  const pattern = `%${part.trim().replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql`(${sql.join(
    texts.map((text) => sql`${text} like lower(${pattern})`),
    sql` or `,
  )})`;
}
