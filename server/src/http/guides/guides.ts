import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { anchorOf } from '../markdown.ts';

const DOCS = path.join(import.meta.dirname, '../../../../docs');

/** A guide for customers, as `docs/` has it. */
export interface Guide {
  /** File name without its end; the last segment of its address. */
  name: string;
  title: string;
  /** Its first sentence. */
  about: string;
  markdown: string;
  sections: readonly Section[];
}

/** A part of a guide with a heading of its own; the first one has that of the guide. */
export interface Section {
  /** Behind the `#` of links to it; empty for the first one. */
  anchor: string;
  heading: string;
  text: string;
}

/**
 * The guides for customers, in the order of the table in `docs/README.md`, which says for whom each file is.
 */
export async function readGuides(): Promise<Guide[]> {
  const table = await readFile(path.join(DOCS, 'README.md'), 'utf8');
  const rows = table.slice(table.indexOf('| customers |'), table.indexOf('| operators |'));
  const names = [...rows.matchAll(/\]\(([a-z0-9-]+)\.md\)/g)].map(([, name]) => name!);
  const texts = await Promise.all(names.map((name) => readFile(path.join(DOCS, `${name}.md`), 'utf8')));
  const titles = new Map(names.map((name, at) => [name, /^# (.*)$/m.exec(texts[at]!)?.[1] ?? name]));
  return names.map((name, at) => {
    // Readers of the pages know no files.
    const markdown = texts[at]!.replace(/\[([a-z0-9-]+)\.md\]\(/g, (link, file: string) =>
      titles.has(file) ? `[${titles.get(file)}](` : link,
    );
    const title = titles.get(name)!;
    return { name, title, about: aboutOf(markdown), markdown, sections: sectionsOf(markdown) };
  });
}

/** The first sentence of the first paragraph. */
function aboutOf(markdown: string): string {
  const paragraph = markdown.split(/\n{2,}/).find((block) => /^[\p{L}*`[]/u.test(block)) ?? '';
  const sentence = /^.*?[.:](?= |$)/.exec(paragraph.split('\n').map(plain).join(' '))?.[0] ?? '';
  return sentence.replace(/:$/, '.');
}

function sectionsOf(markdown: string): Section[] {
  const sections: { anchor: string; heading: string; text: string }[] = [];
  let isCode = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    const heading = isCode ? null : /^(#{1,3}) (.*)$/.exec(line);
    if (heading) {
      const anchor = heading[1] === '#' ? '' : anchorOf(heading[2]!);
      sections.push({ anchor, heading: plain(heading[2]!), text: '' });
    } else if (sections.length > 0 && !/^(<!--|!\[|```|\|[-|]+$)/.test(line)) {
      sections.at(-1)!.text += `${plain(line)}\n`;
    }
  }
  return sections;
}

/** The text of a line without its marks. */
const plain = (line: string): string =>
  line
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*]|^\||\|$/g, '')
    .replaceAll('|', ' · ')
    .trim();

export interface Hit {
  guide: Guide;
  section: Section;
  /** Some words around the first that was found. */
  excerpt: string;
}

const MOST_HITS = 20;
/** Letters of an excerpt. */
const EXCERPT = 180;

/** The sections in which all words occur, those first that have them in their headings. */
export function searchGuides(guides: readonly Guide[], query: string): Hit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 10);
  if (words.length === 0) return [];
  const hits: (Hit & { score: number })[] = [];
  for (const guide of guides) {
    for (const section of guide.sections) {
      const heading = `${guide.title} ${section.heading}`.toLowerCase();
      const text = section.text.toLowerCase();
      if (!words.every((word) => heading.includes(word) || text.includes(word))) continue;
      const score = words.reduce((sum, word) => sum + scoreOf(word, heading, text), 0);
      hits.push({ guide, section, excerpt: excerptOf(section.text, words), score });
    }
  }
  return hits.sort((a, b) => b.score - a.score).slice(0, MOST_HITS);
}

/** A word in the heading counts as ten in the text. */
const scoreOf = (word: string, heading: string, text: string): number =>
  (heading.includes(word) ? 10 : 0) + Math.min(text.split(word).length - 1, 5);

function excerptOf(text: string, words: readonly string[]): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const lower = line.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
  const start = Math.max(0, Math.min(...(places.length > 0 ? places : [0])) - EXCERPT / 3);
  const from = start === 0 ? 0 : line.indexOf(' ', start) + 1;
  const cut = line.slice(from, from + EXCERPT);
  return `${from > 0 ? '… ' : ''}${cut}${from + EXCERPT < line.length ? ' …' : ''}`;
}
