import type { components } from '@danube/client/schema';
import { useQueryClient } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { CreateRow } from '../code/create-row.tsx';
import { webhookText as text } from '../text/access.ts';
import { common } from '../text/common.ts';
import { TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { tellSuccess } from '../ui/toast.tsx';

export type Endpoint = components['schemas']['WebhookEndpoint'];

/** Adds an endpoint, whose secret `onDone` gets, or changes one. */
export function EndpointForm({
  endpoint,
  onDone,
}: {
  endpoint: Endpoint | null;
  onDone: (secret: string | null) => void;
}) {
  const client = useQueryClient();
  const { values, set, errors, busy, submit } = useForm(`webhook ${endpoint?.id ?? 'new'}`, {
    name: endpoint?.name ?? '',
    url: endpoint?.url ?? '',
    events: endpoint?.event_types.join(', ') ?? '',
  });
  const { name, url, events } = values;
  const event_types = events.split(/[\s,]+/).filter(Boolean);
  const creation = creationOf('/webhooks/endpoints', {
    name,
    url,
    ...(event_types.length > 0 ? { event_types } : {}),
  });
  const change = async (webhookEndpoint: string) => {
    const sent = { params: { path: { webhookEndpoint } }, body: { name, url, event_types } };
    tellSuccess((await answerOf(api.PUT('/webhooks/endpoints/{webhookEndpoint}', sent))).message);
    return null;
  };
  const send = async (key: string) => {
    const secret = endpoint ? await change(endpoint.id) : (await create(creation, key)).secret;
    void client.invalidateQueries({ queryKey: ['webhook'] });
    onDone(secret);
  };
  return (
    <Form onSend={() => submit(send)}>
      <TextField label={text.name} value={name} errors={errors.name} onValue={(next) => set('name', next)} />
      <TextField
        label={text.url}
        hint={text.urlHint}
        type="url"
        placeholder="https://hooks.example.org/danube"
        value={url}
        errors={errors.url}
        onValue={(next) => set('url', next)}
      />
      <TextField
        label={text.events}
        optional
        hint={text.eventsHint}
        value={events}
        errors={Object.entries(errors).flatMap(([field, all]) =>
          field.startsWith('event_types') ? all : [],
        )}
        onValue={(next) => set('events', next)}
      />
      {endpoint ? (
        <SubmitRow busy={busy}>{common.save}</SubmitRow>
      ) : (
        <CreateRow creation={creation} busy={busy}>
          {text.add}
        </CreateRow>
      )}
    </Form>
  );
}
