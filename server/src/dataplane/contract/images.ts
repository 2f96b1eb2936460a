import type { Progress } from '../../lib/progress.ts';
import type { EngineParameter } from '../../services/provider.ts';

export interface ImageReport {
  /** Catalogue name, for example `debian-12`. */
  name: string;
  /** `ready`: an instance can start now. `buildable`: built or downloaded on first use. `unavailable`: see `reason`. */
  state: 'ready' | 'buildable' | 'unavailable';
  reason: string | null;
}

/** The images that instances are created from. */
export interface Images {
  /** All images, of servers, managed services and the platform itself, and whether each can be used here. */
  listImages(): Promise<ImageReport[]>;
  /**
   * The parameters of the engine in a service's image; null while the image is not built, or for an image without
   * engine.
   */
  imageParameters(name: string): Promise<readonly EngineParameter[] | null>;
  /** Builds or downloads the image where it is missing. */
  ensureImage(name: string, progress?: Progress, options?: EnsureImageOptions): Promise<void>;
}

export interface EnsureImageOptions {
  /** Builds or downloads it in any case, for the packages of today. */
  rebuild?: boolean;
  /**
   * Nobody waits for the image: it is built with what the host has to spare, and not to the end if this aborts, whose
   * reason is thrown then. Whoever asks for the same image without this takes the build over: it goes on at full priority,
   * to its end.
   */
  ahead?: AbortSignal;
}
