/** A family of figures in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export interface Family {
  name: string;
  help: string;
  type: 'gauge' | 'counter' | 'histogram';
  values: readonly Value[];
}

export interface Value {
  /** Added to the name of the family: `_bucket`. */
  suffix?: string;
  labels?: Readonly<Record<string, string>>;
  value: number;
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One figure without labels. */
export const figure = (name: string, type: Family['type'], help: string, value: number): Family => ({
  name,
  help,
  type,
  values: [{ value }],
});

/** Families without values are left out: what is not known is not 0. */
export const render = (families: readonly Family[]): string =>
  families
    .filter(({ values }) => values.length > 0)
    .map(
      ({ name, help, type, values }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.map((value) => lineOf(name, value)).join('')}`,
    )
    .join('');

function lineOf(name: string, { suffix = '', labels = {}, value }: Value): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
