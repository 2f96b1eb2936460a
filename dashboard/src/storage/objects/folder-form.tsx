import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { putBytes } from '../../api/bytes.ts';
import { objectsText as text } from '../../text/objects.ts';
import { TextField } from '../../ui/field.tsx';
import { useForm } from '../../ui/form.ts';
import { Form, SubmitRow } from '../../ui/form-element.tsx';
import { tellSuccess } from '../../ui/toast.tsx';
import { contentPath } from './queries.ts';

/** Makes a folder: an object without content, whose key ends with a slash. */
export function FolderForm({
  bucket,
  folder,
  onDone,
}: {
  bucket: string;
  folder: string;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const [error, setError] = useState('');
  const { values, set, errors, busy, submit } = useForm(`new folder in ${bucket}`, { name: '' });
  const name = values.name.trim();
  const make = async () => {
    const path = contentPath(bucket, { key: `${folder}${name}/` });
    await putBytes(path, new Blob([]), { onProgress: () => undefined, signal: new AbortController().signal });
    tellSuccess(text.folderMade(name));
    await client.invalidateQueries({ queryKey: ['bucket', bucket] });
    onDone();
  };
  return (
    <Form
      onSend={() => {
        const isFlat = name !== '' && !name.includes('/');
        setError(isFlat ? '' : text.noSlash);
        if (isFlat) void submit(make);
      }}
    >
      <TextField
        label={text.folderName}
        hint={text.folderHint}
        value={values.name}
        errors={error ? [error] : errors.key}
        onValue={(typed) => {
          setError('');
          set('name', typed);
        }}
      />
      <SubmitRow busy={busy}>{text.newFolder}</SubmitRow>
    </Form>
  );
}
