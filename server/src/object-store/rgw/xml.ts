/** An element: its text, and its children by name. S3's answers have no attributes that matter. */
export interface XmlNode {
  name: string;
  text: string;
  children: XmlNode[];
}

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Parses an answer of S3. Throws where it is no XML. */
export function parseXml(text: string): XmlNode {
  const root: XmlNode = { name: '', text: '', children: [] };
  const open = [root];
  for (const [, slash, name, closed, content] of text.matchAll(TOKEN)) {
    const parent = open.at(-1)!;
    if (content !== undefined) parent.text += decode(content);
    else if (name === undefined) continue;
    else if (slash) {
      if (open.length < 2 || parent.name !== name) throw new Error(`No XML: </${name}> closes nothing.`);
      open.pop();
    } else {
      const node: XmlNode = { name, text: '', children: [] };
      parent.children.push(node);
      if (!closed) open.push(node);
    }
  }
  const [first] = root.children;
  if (!first || open.length > 1) throw new Error('No XML: it has no end.');
  return first;
}

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });

/** The children with that name. */
export const all = (node: XmlNode, name: string): XmlNode[] =>
  node.children.filter((child) => child.name === name);

export const first = (node: XmlNode, name: string): XmlNode | undefined =>
  node.children.find((child) => child.name === name);

/** The text of the child with that name. */
export const textOf = (node: XmlNode, name: string): string | undefined => first(node, name)?.text;

/** What becomes XML: text, numbers, an object of elements, or several elements of one name. */
export type XmlValue =
  | string
  | number
  | boolean
  | { readonly [name: string]: XmlValue | undefined }
  | readonly XmlValue[];

/** `<name>…</name>`; members that are undefined are left out. */
export function element(name: string, value: XmlValue): string {
  if (Array.isArray(value)) return value.map((one) => element(name, one)).join('');
  if (typeof value !== 'object') return `<${name}>${escaped(String(value))}</${name}>`;
  const inner = Object.entries(value)
    .map(([key, child]) => (child === undefined ? '' : element(key, child)))
    .join('');
  return `<${name}>${inner}</${name}>`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
