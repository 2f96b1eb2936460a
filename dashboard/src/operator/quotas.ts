type Quotas = Readonly<Record<string, number>>;

/** "3 vps, 40 storage gb": quotas, or what a team has, as a line of a table. */
export const wordsOf = (quotas: Quotas): string =>
  Object.entries(quotas)
    .map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`)
    .join(', ');

/** Quotas as they are typed: a line each. */
export const writeQuotas = (quotas: Quotas): string =>
  Object.entries(quotas)
    .map(([kind, count]) => `${kind}: ${count}`)
    .join('\n');

/** What was typed; the server says what is wrong with it. */
export const readQuotas = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
      .map((line) => {
        const [kind = '', count = ''] = line.split(/[:=]/, 2);
        return [kind.trim(), count.trim() === '' ? Number.NaN : Number(count)];
      }),
  );
