import type { Expression } from '../contract.ts';

/** Begins the names of all series, so that an operator's dashboards find them among others. */
export const PREFIX = 'danube_';

/**
 * The expression in the language of Prometheus. It selects no team and no resource: that is bounded from outside.
 * `stepSeconds` is 0 for a single moment.
 */
export function toPromQl(expression: Expression, stepSeconds: number): string {
  const of = (part: Expression): string => toPromQl(part, stepSeconds);
  switch (expression.kind) {
    case 'last': {
      const { series, windowSeconds } = expression;
      const isLong = stepSeconds > windowSeconds;
      return `${isLong ? 'avg' : 'last'}_over_time(${PREFIX}${series}[${Math.max(windowSeconds, stepSeconds)}s])`;
    }
    case 'rate': {
      const { series, windowSeconds } = expression;
      const samples = `${PREFIX}${series}[${Math.max(windowSeconds, stepSeconds)}s]`;
      // VictoriaMetrics says 0 where the last sample is a little older than the window.
      return `(rate(${samples}) and (count_over_time(${samples}) > 1))`;
    }
    case 'sum':
      return `(${expression.of.map(of).join(' + ')})`;
    case 'ratio':
      return `(${of(expression.of)} / (${of(expression.to)} != 0))`;
    case 'times':
      return `(${of(expression.of)} * ${expression.factor})`;
  }
}

/** Text as a string of that language. */
export const quoted = (text: string): string => JSON.stringify(text);

/** A regular expression, as such a string, that matches any of these texts and nothing else. */
export const anyOf = (texts: readonly string[]): string =>
  quoted(texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'));
