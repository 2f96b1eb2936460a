import { type Static, Type } from 'typebox';
import { Flag } from './schema.ts';

/**
 * Settings of instances of every kind that take effect without an operation. The member of the API and the column of
 * `instances` have the same name, so another one is a line here, besides its column.
 */
export const settingMembers = {
  automated_snapshots_enabled: Flag('Whether a snapshot is taken every day.'),
};

const Settings = Type.Object(settingMembers);
type Settings = Static<typeof Settings>;

export const SETTING_NAMES = Object.keys(settingMembers) as (keyof Settings)[];

/** The same for a request that changes some of them. */
export const settingChanges = Type.Partial(Settings).properties;

export type SettingChanges = Partial<Settings>;

/** The settings of a row or request, without its other members and those that are undefined. */
export function pickSettings(from: Settings): Settings;
export function pickSettings(from: SettingChanges): SettingChanges;
export function pickSettings(from: SettingChanges): SettingChanges {
  const set = SETTING_NAMES.filter((name) => from[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, from[name]]));
}
