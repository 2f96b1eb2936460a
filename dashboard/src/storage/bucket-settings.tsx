import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { common } from '../text/common.ts';
import { storageText as text } from '../text/storage.ts';
import { Button } from '../ui/button.tsx';
import { type Confirmation, ConfirmDialog } from '../ui/dialog.tsx';
import { SelectField, Switch, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { Told, tellSuccess } from '../ui/toast.tsx';
import { useBucket } from './bucket-frame.tsx';
import { type Bucket, bucketAt, bucketQuery } from './bucket-queries.ts';

const GB = 1024 ** 3;

const valuesOf = (bucket: Bucket) => ({
  display_name: bucket.display_name ?? '',
  versioning_enabled: bucket.versioning_enabled,
  public_access: bucket.public_access,
  encryption_enabled: bucket.encryption_enabled,
  retention: bucket.object_lock_default_retention_mode ?? '',
  days: String(bucket.object_lock_default_retention_days ?? 30),
  limit: bucket.size_limit_bytes === null ? '' : String(bucket.size_limit_bytes / GB),
  tags: (bucket.tags ?? []).join('\n'),
  cors: jsonOf(bucket.cors_configuration),
  lifecycle: jsonOf(bucket.lifecycle_rules),
});
type Values = ReturnType<typeof valuesOf>;

const jsonOf = (rules: readonly unknown[] | null): string =>
  rules && rules.length > 0 ? JSON.stringify(rules, null, 2) : '';

/** The rules that somebody has typed; none where the field is empty. */
function rulesIn<T>(typed: string, what: string): T[] {
  if (typed.trim() === '') return [];
  try {
    return JSON.parse(typed) as T[];
  } catch {
    throw new Told(text.notJson(what));
  }
}

const tagsIn = (typed: string): string[] =>
  typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The request of what was changed, and of nothing else: S3 may have set the rest meanwhile. */
function changesOf(changed: Partial<Values>, { retention: mode, days: length }: Values) {
  const { retention, days, limit, tags, cors, lifecycle, display_name, ...rest } = changed;
  return {
    ...rest,
    ...(retention === undefined && days === undefined
      ? {}
      : {
          object_lock_default_retention_mode: (mode || null) as 'GOVERNANCE' | null,
          object_lock_default_retention_days: mode ? Number(length) : null,
        }),
    ...(display_name === undefined ? {} : { display_name: display_name.trim() || null }),
    ...(limit === undefined
      ? {}
      : { size_limit_bytes: limit.trim() === '' ? null : Math.round(Number(limit) * GB) }),
    ...(tags === undefined ? {} : { tags: tagsIn(tags) }),
    ...(cors === undefined ? {} : { cors_configuration: { CORSRules: rulesIn<object>(cors, text.cors) } }),
    ...(lifecycle === undefined ? {} : { lifecycle_rules: rulesIn<object>(lifecycle, text.lifecycle) }),
  };
}

/** What can be changed of a bucket, and its deletion. */
export function BucketSettings({ id }: { id: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const bucket = useBucket(id);
  const refusals = useRefusals();
  const [confirmation, setConfirmation] = useState<Confirmation | null>(null);
  const remove = () =>
    setConfirmation({
      title: text.deleteTitle(bucket.name),
      about: text.deleteAbout,
      action: common.delete,
      danger: true,
      typed: bucket.name,
      async run() {
        const params = { path: { bucket: id }, query: { force: 'true' as const } };
        tellSuccess((await answerOf(api.DELETE('/storage/buckets/{bucket}', { params }))).message);
        await client.invalidateQueries({ queryKey: ['bucket'] });
        await navigate({ to: '/object-storage' });
      },
    });
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <GeneralForm bucket={bucket} />
      <Section title={text.dangerTitle} about={text.deleteAbout}>
        <Button
          look="danger"
          blocked={refusals.remove ?? (bucket.can_be_destroyed ? null : text.blocked)}
          onClick={remove}
        >
          {common.delete}
        </Button>
      </Section>
      <ConfirmDialog confirmation={confirmation} onClose={() => setConfirmation(null)} />
    </div>
  );
}

type GeneralFields = Pick<ReturnType<typeof useForm<Values>>, 'values' | 'errors' | 'set'>;

function GeneralForm({ bucket }: { bucket: Bucket }) {
  const client = useQueryClient();
  const form = useForm<Values>(`bucket ${bucket.id}`, valuesOf(bucket));
  const { values, changed, set, errors, busy, submit } = form;
  const save = async () => {
    const answer = await answerOf(
      api.PUT('/storage/buckets/{bucket}', { ...bucketAt(bucket.id), body: changesOf(changed, values) }),
    );
    tellSuccess(answer.message);
    client.setQueryData(bucketQuery(bucket.id).queryKey, answer.bucket);
    await client.invalidateQueries({ queryKey: ['bucket'] });
  };
  const isUntouched = Object.keys(changed).length === 0;
  return (
    <Section title={text.general}>
      <Form onSend={() => submit(save)}>
        <TextField
          label={text.displayName}
          optional
          value={values.display_name}
          errors={errors.display_name}
          onValue={(name) => set('display_name', name)}
        />
        <Switch
          label={text.versioning}
          hint={text.versioningAbout}
          checked={values.versioning_enabled}
          onChecked={(on) => set('versioning_enabled', on)}
        />
        <Switch
          label={text.publicAccess}
          hint={text.publicAbout}
          checked={values.public_access}
          onChecked={(on) => set('public_access', on)}
        />
        <Switch
          label={text.encrypted}
          hint={text.encryptedAbout}
          checked={values.encryption_enabled}
          onChecked={(on) => set('encryption_enabled', on)}
        />
        {bucket.object_lock_enabled && <Retention form={form} />}
        <TextField
          label={text.limitGb}
          hint={text.limitHint}
          optional
          inputMode="decimal"
          value={values.limit}
          errors={errors.size_limit_bytes}
          onValue={(limit) => set('limit', limit)}
        />
        <Rules name="tags" hint={text.tagsHint} errorsOf="tags" form={form} />
        <Rules name="cors" hint={text.corsHint} errorsOf="cors_configuration" form={form} />
        <Rules name="lifecycle" hint={text.lifecycleHint} errorsOf="lifecycle_rules" form={form} />
        <div className="flex justify-end">
          <Button
            type="submit"
            look="primary"
            busy={busy}
            blocked={isUntouched ? common.nothingChanged : !bucket.can_be_modified && text.blocked}
          >
            {common.save}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

/** Whether and for how long new files are locked. */
function Retention({ form: { values, errors, set } }: { form: GeneralFields }) {
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <SelectField
        label={text.retention}
        value={values.retention}
        errors={errors.object_lock_default_retention_mode}
        onValue={(mode) => set('retention', mode)}
        options={Object.entries(text.retentions).map(([value, label]) => ({ value, label }))}
      />
      {values.retention !== '' && (
        <TextField
          label={text.retentionDays}
          inputMode="numeric"
          value={values.days}
          errors={errors.object_lock_default_retention_days}
          onValue={(days) => set('days', days)}
        />
      )}
    </div>
  );
}

/** Several lines that the server checks; its sentences may be about any member of them. */
function Rules({
  name,
  hint,
  errorsOf,
  form: { values, errors, set },
}: {
  name: 'tags' | 'cors' | 'lifecycle';
  hint: string;
  errorsOf: string;
  form: GeneralFields;
}) {
  const found = Object.entries(errors).filter(
    ([field]) => field === errorsOf || field.startsWith(`${errorsOf}.`),
  );
  return (
    <TextArea
      label={text[name]}
      hint={hint}
      optional
      rows={Math.min(12, Math.max(2, values[name].split('\n').length))}
      className="font-mono text-sm"
      value={values[name]}
      errors={found.flatMap(([, sentences]) => sentences)}
      onValue={(typed) => set(name, typed)}
    />
  );
}
