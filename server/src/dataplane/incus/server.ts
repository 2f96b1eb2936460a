import type { DataPlaneReport } from '../contract/data-plane.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { IncusClient } from './client.ts';

/** Cores and memory of the host. */
export type HostSize = DataPlaneReport['host'];

/** Information about Incus itself and its host. */
export class IncusServer {
  readonly #client: IncusClient;
  #size: Promise<HostSize> | null = null;

  constructor(client: IncusClient) {
    this.#client = client;
  }

  async describe(): Promise<DataPlaneReport> {
    const [server, host] = await Promise.all([
      this.#client.get<{ environment: { server_version: string } }>('/1.0'),
      this.size(),
    ]);
    return {
      name: 'incus',
      version: server.environment.server_version,
      virtualization: 'container',
      host: { ...host },
    };
  }

  /** Cached, as the host's size is constant while it runs; a failed request is not cached. */
  size(): Promise<HostSize> {
    this.#size ??= this.#readSize().catch((error: unknown) => {
      this.#size = null;
      throw error;
    });
    return this.#size;
  }

  async #readSize(): Promise<HostSize> {
    const found = await this.#client.get<{ cpu: { total: number }; memory: { total: number } }>(
      '/1.0/resources',
    );
    if (!(found.cpu.total > 0)) {
      throw new DataPlaneError('failed', 'Incus does not report how many cores the host has.');
    }
    return { vcpu: found.cpu.total, memoryMb: Math.floor(found.memory.total / 1024 / 1024) };
  }
}
