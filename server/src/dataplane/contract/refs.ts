/** Identifies an instance. `name` is `KIND-UUID`, for example `vps-0198…`, and unique in the install. */
export interface InstanceRef {
  teamId: number;
  name: string;
}

/** Identifies a volume. `name` is `volume-UUID`. */
export interface VolumeRef {
  teamId: number;
  name: string;
}

/**
 * Identifies a snapshot: a copy of an instance's volume, or of its root disk where it has no volume. A snapshot does
 * not depend on its source, which may change or be deleted. `name` is `snapshot-UUID`.
 */
export interface SnapshotRef {
  teamId: number;
  name: string;
}
