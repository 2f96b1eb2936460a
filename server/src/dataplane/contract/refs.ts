/** Names one instance. `name` is `KIND-UUID`, for example `vps-0198…`, and is unique in the install. */
export interface InstanceRef {
  teamId: number;
  name: string;
}

/** Names a volume. `name` is `volume-UUID`. */
export interface VolumeRef {
  teamId: number;
  name: string;
}

/**
 * Names a kept state of an instance's disk: its volume where it has one, else its root disk. It does not depend on
 * the instance that it was taken of, which may change, be replaced, or be deleted. `name` is `snapshot-UUID`.
 */
export interface SnapshotRef {
  teamId: number;
  name: string;
}
