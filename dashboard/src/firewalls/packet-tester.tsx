import type { components } from '@danube/client/schema';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { Button } from '../ui/button.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Notice } from '../ui/notice.tsx';
import { Section } from '../ui/page.tsx';

type Result = components['schemas']['FirewallTestResult'];

/** Asks which rule decides about a packet. */
export function PacketTester({ id }: { id: string }) {
  const { values, set, errors, busy, submit } = useForm(
    `packet ${id}`,
    {
      source: '',
      destination: '',
      protocol: 'tcp',
      port: '22',
    },
    { again: true },
  );
  const [result, setResult] = useState<Result | null>(null);
  const test = async () => {
    const { source, destination, protocol, port } = values;
    const hasPort = protocol === 'tcp' || protocol === 'udp';
    const body = {
      source,
      destination,
      protocol: protocol as 'tcp',
      ...(hasPort ? { port: Number(port) } : {}),
    };
    setResult(
      await answerOf(api.POST('/firewalls/{firewall}/test', { params: { path: { firewall: id } }, body })),
    );
  };
  return (
    <Section title={text.test} about={text.testAbout}>
      <Form changes={false} className="flex flex-col gap-4" onSend={() => submit(test)}>
        <TextField
          label={text.from}
          value={values.source}
          errors={errors.source}
          onValue={(v) => set('source', v)}
          placeholder="203.0.113.5"
        />
        <TextField
          label={text.to}
          value={values.destination}
          errors={errors.destination}
          onValue={(v) => set('destination', v)}
          placeholder="10.64.0.10"
        />
        <div className="grid grid-cols-2 gap-4">
          <SelectField
            label={text.protocol}
            value={values.protocol}
            errors={errors.protocol}
            onValue={(v) => set('protocol', v)}
            options={['tcp', 'udp', 'icmp', 'gre', 'esp'].map((value) => ({ value, label: value }))}
          />
          <TextField
            label={text.port}
            value={values.port}
            errors={errors.port}
            onValue={(v) => set('port', v)}
            inputMode="numeric"
          />
        </div>
        <div className="flex justify-end">
          <Button type="submit" busy={busy}>
            {text.runTest}
          </Button>
        </div>
        <div aria-live="polite">
          {result && (
            <Notice
              tone={result.verdict.startsWith('allow') ? 'info' : 'bad'}
              title={text.verdicts[result.verdict] ?? result.verdict}
            >
              {result.message}
            </Notice>
          )}
        </div>
      </Form>
    </Section>
  );
}
