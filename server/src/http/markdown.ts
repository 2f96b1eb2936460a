/**
 * Converts the Markdown of Danube's own pages to HTML: headings, paragraphs, lists, tables, blocks of code, and in lines
 * code, bold and links. Pictures and comments are left out. `linkTo` converts the target of a link, or returns null where
 * there is none to link to.
 */
export function toHtml(markdown: string, linkTo: (target: string) => string | null): string {
  const lines = markdown.split('\n').filter((line) => !/^(<!--.*-->|!\[.*\]\(.*\))$/.test(line));
  const out: string[] = [];
  while (lines.length > 0) out.push(takeBlock(lines, (text) => inline(text, linkTo)));
  return out.filter((block) => block !== '').join('\n');
}

/** What links to a heading have behind the `#`, as on GitHub. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

type Inline = (text: string) => string;

function takeBlock(lines: string[], format: Inline): string {
  const [first = ''] = lines;
  const heading = /^(#{1,3}) (.*)$/.exec(first);
  if (heading) {
    lines.shift();
    const level = heading[1]!.length;
    const anchor = level === 1 ? '' : ` id="${anchorOf(heading[2]!)}"`;
    return `<h${level}${anchor}>${format(heading[2]!)}</h${level}>`;
  }
  if (first.startsWith('```')) return takeCode(lines);
  if (/^([-*]|\d+\.) /.test(first)) return takeList(lines, format);
  if (first.startsWith('|')) return takeTable(lines, format);
  if (first.trim() === '') {
    lines.shift();
    return '';
  }
  return `<p>${format(takeWhile(lines, isText).join(' '))}</p>`;
}

const isText = (line: string): boolean => line.trim() !== '' && !/^(#{1,3} |```|[-*] |\d+\. |\|)/.test(line);

/** Takes the first line, and those after it that are like it. */
function takeWhile(lines: string[], belongs: (line: string) => boolean): string[] {
  const taken = [lines.shift()!];
  while (lines.length > 0 && belongs(lines[0]!)) taken.push(lines.shift()!);
  return taken;
}

function takeCode(lines: string[]): string {
  lines.shift();
  const end = lines.indexOf('```');
  const code = lines.splice(0, end === -1 ? lines.length : end);
  lines.shift();
  return `<pre><code>${escapeHtml(code.join('\n'))}</code></pre>`;
}

function takeList(lines: string[], format: Inline): string {
  const tag = /^\d/.test(lines[0]!) ? 'ol' : 'ul';
  const items: string[] = [];
  while (lines.length > 0 && /^([-*]|\d+\.) /.test(lines[0]!)) {
    const item = takeWhile(lines, (line) => /^ {2}/.test(line));
    items.push(item.map((line) => line.trim().replace(/^([-*]|\d+\.) /, '')).join(' '));
  }
  return `<${tag}>${items.map((item) => `<li>${format(item)}</li>`).join('')}</${tag}>`;
}

function takeTable(lines: string[], format: Inline): string {
  const rows = takeWhile(lines, (line) => line.startsWith('|'));
  const cells = (row: string) =>
    row
      .slice(1, row.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.replaceAll('\\|', '|'));
  const row = (text: string, tag: string) =>
    `<tr>${cells(text)
      .map((cell) => `<${tag}>${format(cell.trim())}</${tag}>`)
      .join('')}</tr>`;
  const [head, , ...body] = rows;
  return `<table>${row(head!, 'th')}${body.map((one) => row(one, 'td')).join('')}</table>`;
}

function inline(text: string, linkTo: (target: string) => string | null): string {
  return text
    .split(/(``.+?``|`[^`]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? `<code>${escapeHtml(part.replace(/^(`+) ?(.*?) ?\1$/, '$2'))}</code>`
        : escapeHtml(part).replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>'),
    )
    .join('')
    .replace(/\[((?:<code>)?[^\]]*)\]\(([^)]*)\)/g, (_, label: string, target: string) => {
      const href = linkTo(target);
      return href === null ? label : `<a href="${href}">${label}</a>`;
    });
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => ENTITIES[char]!);
