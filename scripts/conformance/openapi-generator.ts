import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../server/src/lib/run.ts';
import { ROOT } from '../test-install.ts';

const GENERATOR = 'org.openapitools:openapi-generator-cli:7.25.0';
const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy';
export const DOCUMENT = path.join(ROOT, 'openapi/v1.json');

/** What a generator made of the document. */
export interface Generated {
  models: number;
  /** Models that the generator had to invent a name for. */
  anonymous: string[];
  warnings: string[];
}

/** Fetches openapi-generator with Maven, which checks its hash. Returns the program's path. */
export async function fetchGenerator(folder: string): Promise<string> {
  const args = ['-q', '-B', MAVEN_COPY, `-Dartifact=${GENERATOR}`, `-DoutputDirectory=${folder}`];
  await run('mvn', args, { timeoutSeconds: 600 });
  const [, artifact, version] = GENERATOR.split(':');
  return path.join(folder, `${artifact}-${version}.jar`);
}

/** Generates a client into `folder`. Throws `RunError` where the generator fails. */
export async function generate(
  jar: string,
  generator: string,
  folder: string,
  options: readonly string[],
): Promise<Generated> {
  const args = ['-jar', jar, 'generate', '-g', generator, '-i', DOCUMENT, '-o', folder, ...options];
  const { stdout, stderr } = await run('java', args, { timeoutSeconds: 600 });
  const warnings = `${stdout}\n${stderr}`.split('\n').filter((line) => / WARN /.test(line));
  return { warnings, ...(await readModels(folder)) };
}

/** Reads which models a generator wrote. Each has a page, as each group of operations has. */
async function readModels(folder: string): Promise<Pick<Generated, 'models' | 'anonymous'>> {
  const written = await readFile(path.join(folder, '.openapi-generator/FILES'), 'utf8');
  const { components, tags } = JSON.parse(await readFile(DOCUMENT, 'utf8'));
  const groups = new Set(tags.map(({ name }: { name: string }) => plain(`${name}Api`)));
  const models = [...written.matchAll(/^docs\/(\w+)\.md$/gm)]
    .map(([, name]) => name!)
    .filter((name) => !groups.has(plain(name)));
  const named = new Set(Object.keys(components.schemas).map(plain));
  return { models: models.length, anonymous: models.filter((name) => !named.has(plain(name))) };
}

/** A name without what generators change in it. */
const plain = (name: string): string => name.replace(/[^a-z0-9]/gi, '').toLowerCase();
