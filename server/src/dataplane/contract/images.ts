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
  /** All images, of servers and of managed services, and whether each can be used here. */
  listImages(): Promise<ImageReport[]>;
  /**
   * The parameters of the engine in a service's image; null while the image is not built, or for an image without
   * engine.
   */
  imageParameters(name: string): Promise<readonly EngineParameter[] | null>;
  /** Builds or downloads the image where it is missing, or in any case with `rebuild`. */
  ensureImage(name: string, progress?: Progress, rebuild?: boolean): Promise<void>;
}
