import type { components } from '@danube/client/schema';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { Failure, Pending } from '../shell/states.tsx';
import { notificationText as text } from '../text/notifications.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { PageHeader, Section } from '../ui/page.tsx';
import { tellFailure, tellSuccess } from '../ui/toast.tsx';

type Preferences = components['schemas']['NotificationPreferences'];
type Preference = components['schemas']['NotificationPreference'];
type Change = components['schemas']['UpdateNotificationPreference'];
type Frequency = NonNullable<Change['digest_frequency']>;

const preferencesQuery = {
  queryKey: ['notification preferences'],
  queryFn: () => answerOf(api.GET('/notification-preferences')),
};

/** Of what the account is told in this team, and how. Every change is saved at once. */
export function PreferencesPage() {
  const client = useQueryClient();
  const { data: saved, error } = useQuery(preferencesQuery);
  const [changes, setChanges] = useState<readonly Change[]>([]);
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  if (!saved) return error ? <Failure error={error} reset={() => undefined} /> : <Pending />;
  // Shown at once, and until an answer has come that was asked for after it was saved.
  const data = changes.reduce(withChange, saved);
  const save = async (change: Change) => {
    setChanges((before) => [...before, change]);
    try {
      await answerOf(api.PUT('/notification-preferences', { body: { preferences: [change] } }));
    } catch (failure) {
      tellFailure(failure);
    }
    await client.invalidateQueries({ queryKey: preferencesQuery.queryKey });
    setChanges((before) => before.filter((one) => one !== change));
  };
  const reset = async () => {
    tellSuccess((await answerOf(api.POST('/notification-preferences/reset'))).message);
    await client.invalidateQueries({ queryKey: preferencesQuery.queryKey });
  };
  const ask = () =>
    setConfirmation({ title: text.resetTitle, about: text.resetAbout, action: text.reset, run: reset });
  return (
    <>
      <PageHeader
        above={
          <Link to="/notifications" className="hover:text-ink hover:underline">
            {text.title}
          </Link>
        }
        title={text.preferences}
        about={text.preferencesAbout}
        actions={
          <Button icon={<RotateCcw />} onClick={ask}>
            {text.reset}
          </Button>
        }
      />
      <div className="flex flex-col gap-6">
        {data.groups
          .filter(({ value }) => data.available_categories.some(({ group }) => group === value))
          .map(({ value, label }) => (
            <Section key={value} title={label} flush>
              <GroupTable group={value} label={label} preferences={data} onSave={save} />
            </Section>
          ))}
      </div>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </>
  );
}

const withChange = (all: Preferences, change: Change): Preferences => ({
  ...all,
  preferences: all.preferences.map((one) =>
    one.category === change.category && one.channel === change.channel ? { ...one, ...change } : one,
  ),
});

function GroupTable({
  group,
  label,
  preferences: { available_categories, available_channels, digest_options, preferences },
  onSave,
}: {
  group: string;
  label: string;
  preferences: Preferences;
  onSave: (change: Change) => Promise<void>;
}) {
  const find = (category: string, channel: string) =>
    preferences.find((one) => one.category === category && one.channel === channel);
  const frequencyOf = (mail: Preference | undefined) => (mail?.enabled ? mail.digest_frequency : 'disabled');
  return (
    <div className="overflow-x-auto">
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b border-line text-sm text-quiet">
            <th scope="col" className="h-10 px-5 font-normal">
              {text.category}
            </th>
            {available_channels.map(({ value, label: name }) => (
              <th key={value} scope="col" className="h-10 px-3 font-normal last:pr-5 sm:w-44">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {available_categories
            .filter((category) => category.group === group)
            .map((category) => (
              <tr key={category.value} className="border-b border-line last:border-0">
                <th scope="row" className="h-13 px-5 py-2 font-medium">
                  {category.label}
                </th>
                {available_channels.map(({ value: channel, label: name }) => (
                  <td key={channel} className="px-3 py-2 last:pr-5">
                    {channel === 'mail' ? (
                      <select
                        aria-label={text.channelOf(category.label, name)}
                        className="control w-28 sm:w-40"
                        value={frequencyOf(find(category.value, channel))}
                        onChange={({ target }) =>
                          void onSave(mailChange(category.value, target.value as Frequency))
                        }
                      >
                        {digest_options.map((option) => (
                          <option key={option.value} value={option.value}>
                            {option.label}
                          </option>
                        ))}
                      </select>
                    ) : (
                      <input
                        type="checkbox"
                        aria-label={text.channelOf(category.label, name)}
                        className="block size-4 cursor-pointer accent-accent-fill"
                        checked={find(category.value, channel)?.enabled ?? false}
                        onChange={({ target }) =>
                          void onSave({
                            category: category.value as Change['category'],
                            channel: channel as Change['channel'],
                            enabled: target.checked,
                          })
                        }
                      />
                    )}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

const mailChange = (category: string, digest_frequency: Frequency): Change => ({
  category: category as Change['category'],
  channel: 'mail',
  enabled: digest_frequency !== 'disabled',
  digest_frequency,
});
