import type { Progress } from '../../lib/progress.ts';
import type { EngineParameter } from '../../services/provider.ts';

export interface ImageReport {
  /** Catalogue name, for example `debian-12`. */
  name: string;
  /**
   * `ready`: an instance can start now. `buildable`: made or fetched on first use. `unavailable`: `reason` says why.
   */
  state: 'ready' | 'buildable' | 'unavailable';
  reason: string | null;
}

/** What instances are made from. */
export interface Images {
  /** Lists all images, of servers and of managed services, and whether each can be used here. */
  listImages(): Promise<ImageReport[]>;
  /** What the engine in a service's image can be set to; null while the image is not built, or has no such engine. */
  imageParameters(name: string): Promise<readonly EngineParameter[] | null>;
  /** Makes an image ready: builds or fetches it. Returns at once where it is, unless asked to `rebuild` it. */
  ensureImage(name: string, progress?: Progress, rebuild?: boolean): Promise<void>;
}
