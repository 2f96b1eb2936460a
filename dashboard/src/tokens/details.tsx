import type { components } from '@danube/client/schema';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { tokenText as text } from '../text/tokens.ts';
import { Tag } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form } from '../ui/form-element.tsx';
import { Notice } from '../ui/notice.tsx';
import type { Token } from './columns.tsx';

type Explanation = components['schemas']['TokenExplanation'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** The scopes of a token, which of them nobody has used, and for one's own, whether it may make a request. */
export function TokenDetails({ token, isOwn = false }: { token: Token; isOwn?: boolean }) {
  return (
    <div className="flex flex-col gap-5">
      <ul className="flex flex-wrap gap-2" aria-label={text.scopes}>
        {token.scopes.map((scope) => (
          <li key={scope} className="flex items-center gap-1.5">
            <code className="font-mono text-[0.8667rem]">{scope}</code>
            {token.unused_scopes.includes(scope) && <Tag>{text.unused}</Tag>}
          </li>
        ))}
      </ul>
      {token.unused_scopes.length > 0 && <p className="text-sm text-quiet">{text.unusedAbout}</p>}
      {isOwn && <Explain tokenId={token.id} />}
    </div>
  );
}

function Explain({ tokenId }: { tokenId: number }) {
  const [answer, setAnswer] = useState<Explanation | null>(null);
  const { values, set, errors, busy, submit } = useForm(
    'explain token',
    { method: 'GET' as (typeof METHODS)[number], path: '/vps' },
    { again: true },
  );
  const ask = async () =>
    setAnswer(await answerOf(api.POST('/user/tokens/explain', { body: { ...values, token_id: tokenId } })));
  return (
    <section className="border-t border-line pt-4">
      <h3 className="font-medium">{text.explain}</h3>
      <p className="mb-3 text-sm text-quiet">{text.explainAbout}</p>
      <Form noValidate className="flex flex-wrap items-end gap-3" onSend={() => submit(ask)}>
        <div className="w-28">
          <SelectField
            label={text.method}
            value={values.method}
            onValue={(method) => set('method', method as (typeof METHODS)[number])}
            options={METHODS.map((value) => ({ value, label: value }))}
          />
        </div>
        <div className="min-w-0 flex-1 basis-40">
          <TextField
            label={text.path}
            className="font-mono"
            value={values.path}
            errors={errors.path}
            onValue={(path) => set('path', path)}
          />
        </div>
        <Button type="submit" busy={busy}>
          {text.ask}
        </Button>
      </Form>
      <div role="status" className="mt-3">
        {answer && (
          <Notice
            tone={answer.allowed ? 'info' : 'warn'}
            title={answer.allowed ? text.allowed : text.refused}
          >
            {answer.reason}
          </Notice>
        )}
      </div>
    </section>
  );
}
