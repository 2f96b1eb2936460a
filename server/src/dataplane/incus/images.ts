import { openAsBlob } from 'node:fs';
import { FormData } from 'undici';
import { type BuiltImage, recipeHash } from '../../images/builder.ts';
import { CATALOG, type ImageSource } from '../../images/catalog.ts';
import { type ImageServers, probeImageServers } from '../../images/image-server.ts';
import { PARAMETERS_PROPERTY, unpackParameters } from '../../images/parameters.ts';
import { PLATFORM_IMAGES, RECIPES, SERVICE_IMAGES } from '../../images/recipes.ts';
import { SharedBuild } from '../../images/shared-build.ts';
import type { Log } from '../../lib/log.ts';
import type { Progress } from '../../lib/progress.ts';
import type { EngineParameter } from '../../services/provider.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { EnsureImageOptions, ImageReport } from '../contract/images.ts';
import type { IncusClient } from './client.ts';
import { alreadyExists } from './errors.ts';
import { type BuildRequest, ImageBuilds, TakenOver } from './image-builds.ts';
import { KeyedMutex } from './limiter.ts';
import { imageAlias } from './names.ts';

/** An image in the Incus API. */
export interface IncusImage {
  fingerprint: string;
  properties: Record<string, string>;
  /** Null for an image without. */
  aliases: { name: string }[] | null;
}

/** Image properties that record what an image was made from. */
const PROPERTY = { recipe: 'danube.recipe', builtAt: 'danube.built_at', install: 'danube.install' } as const;

/** The properties of an image that Danube reads. They never change for a given fingerprint. */
interface Facts {
  /** Hash of the recipe; undefined for an image that was not built here. */
  recipe: string | undefined;
  parameters: readonly EngineParameter[] | null;
}

/** Every image that this install can use: those of the catalogue, of managed services, and of the platform itself. */
const SOURCES: ReadonlyMap<string, ImageSource> = new Map([
  ...CATALOG.map(({ id, source }) => [id, source] as const),
  ...[...SERVICE_IMAGES, ...PLATFORM_IMAGES].map((id) => [id, { kind: 'built', recipe: id }] as const),
]);

/** Images in Incus: built here and imported, or downloaded from an image server. */
export class Images {
  readonly #client: IncusClient;
  readonly #options: { installId: string; imageCache: string; log: Log };
  readonly #servers: ImageServers = probeImageServers();
  readonly #perImage = new KeyedMutex();
  readonly #builds: ImageBuilds;
  readonly #shared = new Map<string, SharedBuild>();
  /** By fingerprint. A property can have some kilobytes, and image lists are requested often. */
  readonly #facts = new Map<string, Promise<Facts | null>>();

  constructor(client: IncusClient, options: { installId: string; imageCache: string; log: Log }) {
    this.#client = client;
    this.#options = options;
    this.#builds = new ImageBuilds(options);
  }

  /** Takes one request, unless there are images it has not seen before. */
  async list(): Promise<ImageReport[]> {
    const aliases = await this.#client.get<{ name: string; target: string }[]>('/1.0/images/aliases', {
      query: { recursion: '1' },
    });
    const targets = new Map(aliases.map(({ name, target }) => [name, target]));
    return Promise.all(Array.from(SOURCES, ([name, source]) => this.#report(name, source, targets)));
  }

  async #report(
    name: string,
    source: ImageSource,
    targets: ReadonlyMap<string, string>,
  ): Promise<ImageReport> {
    const target = targets.get(imageAlias(this.#options.installId, name));
    const facts = target === undefined ? null : await this.#factsOf(target);
    if (facts && isCurrent(facts, source)) return { name, state: 'ready', reason: null };
    if (source.kind === 'built') return { name, state: 'buildable', reason: null };
    const reason = await this.#servers.whyUnavailable(source.server);
    return { name, state: reason === null ? 'buildable' : 'unavailable', reason };
  }

  /** The parameters of the engine in the image; null where the image is not there, or has no engine. */
  async parameters(name: string): Promise<readonly EngineParameter[] | null> {
    const target = await this.#targetOf(name);
    return (target === null ? null : await this.#factsOf(target))?.parameters ?? null;
  }

  /** Null where the image is gone. */
  #factsOf(fingerprint: string): Promise<Facts | null> {
    const known = this.#facts.get(fingerprint);
    if (known) return known;
    const asked = this.#readFacts(fingerprint);
    this.#facts.set(fingerprint, asked);
    const forget = () => this.#facts.delete(fingerprint);
    // On failure or a missing image the entry is removed, so that the next call asks again. The caller gets the
    // failure.
    asked.then((facts) => facts ?? forget(), forget);
    return asked;
  }

  async #readFacts(fingerprint: string): Promise<Facts | null> {
    const image = await this.#client.find<IncusImage>(`/1.0/images/${fingerprint}`);
    if (!image) return null;
    const packed = image.properties[PARAMETERS_PROPERTY];
    return {
      recipe: image.properties[PROPERTY.recipe],
      parameters: packed === undefined ? null : unpackParameters(packed),
    };
  }

  /** See `ensureImage` in the contract. */
  async ensure(
    name: string,
    progress: Progress | undefined,
    { rebuild = false, ahead }: EnsureImageOptions,
  ): Promise<void> {
    const source = SOURCES.get(name);
    if (!source) throw new DataPlaneError('image_unavailable', `There is no image "${name}".`);
    const shared = this.#shared.get(name) ?? new SharedBuild();
    this.#shared.set(name, shared);
    // Another one builds it then, and goes on when we give up.
    const builtByOther = shared.urgent;
    const leave = shared.join(progress, ahead === undefined);
    const work = this.#perImage.run(name, async () => {
      ahead?.throwIfAborted();
      const target = await this.#targetOf(name);
      const present = target === null ? null : await this.#factsOf(target);
      if (!rebuild && present && isCurrent(present, source)) return;
      if (source.kind === 'built') await this.#build(name, source.recipe, { rebuild, ahead, shared });
      else await this.#fetch(name, source, shared.report);
      // The alias now names the new image. Instances made from the old one have their own disks.
      if (target !== null) await this.#removeUnused(target);
    });
    try {
      await (ahead && builtByOther ? orAborted(work, ahead) : work);
    } catch (error) {
      if (ahead && error instanceof TakenOver) return await this.ensure(name, progress, { ahead });
      throw error;
    } finally {
      leave();
      if (shared.deserted) this.#shared.delete(name);
    }
  }

  /** Fingerprint of the image that this install's alias names, or null. */
  async #targetOf(name: string): Promise<string | null> {
    const alias = imageAlias(this.#options.installId, name);
    const entry = await this.#client.find<{ target: string }>(`/1.0/images/aliases/${alias}`);
    return entry?.target ?? null;
  }

  async #build(name: string, recipeId: string, { rebuild, ahead, shared }: BuildRequest): Promise<void> {
    const recipe = RECIPES.get(recipeId);
    if (!recipe) throw new DataPlaneError('image_unavailable', `There is no recipe for "${name}".`);
    shared.report(`Waiting to build ${name}`, 0);
    const built = await this.#builds.build(recipe, { rebuild, ahead, shared });
    shared.report(`Importing ${name}`, 97);
    await this.#point(name, await this.#import(built));
    this.#options.log.info({ image: name, recipe: built.recipeHash }, 'image ready');
  }

  /** Returns the fingerprint. Finds an image whose import was killed before it had an alias. */
  async #import(built: BuiltImage): Promise<string> {
    const properties = {
      [PROPERTY.recipe]: built.recipeHash,
      [PROPERTY.builtAt]: String(built.builtAt),
      [PROPERTY.install]: this.#options.installId,
    };
    const form = new FormData();
    form.set('metadata', await openAsBlob(built.metadataFile), 'metadata.tar');
    form.set('rootfs', await openAsBlob(built.rootfsFile), 'rootfs.tar.zst');
    const headers = { 'x-incus-properties': new URLSearchParams(properties).toString() };
    try {
      const done = await this.#client.upload<{ fingerprint: string }>('/1.0/images', { body: form, headers });
      return done.fingerprint;
    } catch (error) {
      const images = await this.#client.get<IncusImage[]>('/1.0/images', { query: { recursion: '1' } });
      const same = images.find((image) =>
        Object.entries(properties).every(([key, value]) => image.properties[key] === value),
      );
      if (!same) throw error;
      return same.fingerprint;
    }
  }

  async #fetch(name: string, source: ImageSource & { kind: 'server' }, progress?: Progress): Promise<void> {
    const reason = await this.#servers.whyUnavailable(source.server);
    if (reason !== null) {
      throw new DataPlaneError('image_unavailable', `The image "${name}" is not available on this install.`, {
        detail: reason,
        retryable: true,
      });
    }
    progress?.(`Downloading ${name}`);
    const done = await this.#client.request<{ fingerprint: string }>(
      'POST',
      '/1.0/images',
      {
        source: {
          type: 'image',
          mode: 'pull',
          server: source.server,
          protocol: 'simplestreams',
          alias: source.alias,
          image_type: 'container',
        },
        auto_update: true,
        properties: { [PROPERTY.install]: this.#options.installId },
      },
      { timeoutSeconds: 1800 },
    );
    await this.#point(name, done.fingerprint);
    progress?.(`Downloaded ${name}`, 100);
  }

  async #point(name: string, fingerprint: string): Promise<void> {
    const alias = imageAlias(this.#options.installId, name);
    const description = `Danube ${this.#options.installId}`;
    try {
      await this.#client.request('POST', '/1.0/images/aliases', {
        name: alias,
        target: fingerprint,
        description,
      });
    } catch (error) {
      if (!alreadyExists(error)) throw error;
      await this.#client.request('PUT', `/1.0/images/aliases/${alias}`, { target: fingerprint, description });
    }
  }

  /** Deletes an image without aliases. An image that another install's alias names stays. */
  async #removeUnused(fingerprint: string): Promise<void> {
    const image = await this.#client.find<IncusImage>(`/1.0/images/${fingerprint}`);
    if (!image || image.aliases?.length) return;
    await this.#client.remove(`/1.0/images/${fingerprint}`);
    this.#facts.delete(fingerprint);
  }
}

/** Waits for the work, or until the signal aborts, whose reason it throws then. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const give = (): void => reject(signal.reason);
  signal.addEventListener('abort', give);
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', give));
}

function isCurrent(facts: Facts, source: ImageSource): boolean {
  if (source.kind === 'server') return true;
  const recipe = RECIPES.get(source.recipe);
  return recipe !== undefined && facts.recipe === recipeHash(recipe);
}
