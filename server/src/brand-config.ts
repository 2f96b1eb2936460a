import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from './config-error.ts';

/** What customers see this cloud called, and how it looks. */
export interface Brand {
  name: string;
  /** Null: the one of Danube. */
  logo: { type: string; content: Buffer } | null;
  /** Six hexadecimal digits after `#`, which white text can be read on; null: the one of Danube. */
  color: string | null;
  /** Where customers find help; null: there is no link. */
  supportUrl: string | null;
  communityUrl: string | null;
}

const LOGO_TYPES: Readonly<Record<string, string>> = { '.svg': 'image/svg+xml', '.png': 'image/png' };
const MOST_LOGO_BYTES = 256 * 1024;
const LONGEST_NAME = 40;
/** Of white text on the colour, as WCAG 2.2 wants it (1.4.3). */
const LEAST_CONTRAST = 4.5;

/** Reads what the settings say. Throws {@link ConfigError}. */
export function readBrand(said: {
  name: string | null;
  logo: string | null;
  color: string | null;
  support: string | null;
  community: string | null;
}): Brand {
  const name = said.name ?? 'Danube';
  if (name.length > LONGEST_NAME) {
    throw new ConfigError(`DANUBE_BRAND_NAME has more than ${LONGEST_NAME} letters.`);
  }
  return {
    name,
    logo: said.logo === null ? null : readLogo(said.logo),
    color: said.color === null ? null : readColor(said.color),
    supportUrl: readLink('DANUBE_SUPPORT_URL', said.support),
    communityUrl: readLink('DANUBE_COMMUNITY_URL', said.community),
  };
}

function readLogo(file: string): Brand['logo'] {
  const type = LOGO_TYPES[path.extname(file).toLowerCase()];
  if (!type)
    throw new ConfigError(`DANUBE_BRAND_LOGO is "${file}". It takes a file that ends in .svg or .png.`);
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`DANUBE_BRAND_LOGO: ${file} cannot be read (${(cause as Error).message}).`);
  }
  if (content.length > MOST_LOGO_BYTES) {
    throw new ConfigError(`DANUBE_BRAND_LOGO: ${file} has more than ${MOST_LOGO_BYTES / 1024} KiB.`);
  }
  return { type, content };
}

function readColor(text: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(text)) {
    throw new ConfigError(
      `DANUBE_BRAND_COLOR is "${text}". It takes six hexadecimal digits, such as #1f5fae.`,
    );
  }
  if (contrastWithWhite(text) < LEAST_CONTRAST) {
    throw new ConfigError(
      `DANUBE_BRAND_COLOR is "${text}". White text on it could not be read; take a darker one.`,
    );
  }
  return text.toLowerCase();
}

/** As WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. */
function contrastWithWhite(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

function readLink(name: string, text: string | null): string | null {
  if (text === null) return null;
  const url = URL.parse(text);
  if (!url || !['https:', 'http:', 'mailto:'].includes(url.protocol)) {
    throw new ConfigError(
      `${name} is "${text}". It takes an address such as https://help.example.org or mailto:help@example.org.`,
    );
  }
  return url.href;
}
