import { useQueryClient } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Pencil, Plus, Trash2 } from 'lucide-react';
import { type ComponentProps, useState } from 'react';
import { answerOf, api, newKey } from '../api/client.ts';
import { firewallText as text } from '../text/firewalls.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { SelectField, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Form, SubmitRow } from '../ui/form-element.tsx';
import { Section } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { tellSuccess } from '../ui/toast.tsx';
import type { Firewall } from './firewall-status.tsx';
import { RuleLine } from './rule-lines.tsx';
import { CONFIRM_WITHIN, draftOf, hasPorts, NEW_RULE, type RuleDraft, rulesOf } from './rules.ts';
import { SourceInstances } from './source-instances.tsx';

interface Draft {
  /** Null while nobody has changed them. */
  rules: readonly RuleDraft[] | null;
  /** The saved rules when that began, as a request has them. */
  before: string | null;
}

/** The rules of a firewall, which are saved together. */
export function RuleEditor({ firewall }: { firewall: Firewall }) {
  const client = useQueryClient();
  const saved = firewall.rules.map(draftOf);
  const form = useForm<Draft>(`rules ${firewall.id}`, { rules: null, before: null });
  const refusals = useRefusals();
  const [edited, setEdited] = useState<RuleDraft | null>(null);
  const [drawn, setDrawn] = useState<string | null>(null);
  const [target, setTarget] = useState<string | null>(null);
  const rules = form.values.rules ?? saved;
  const now = JSON.stringify(rulesOf(saved));
  const change = (next: readonly RuleDraft[] | null) => {
    form.set('rules', next);
    form.set('before', next && (form.values.before ?? now));
  };
  const isOvertaken = form.values.before !== null && form.values.before !== now;
  /** `trial`: the rules before come back, unless the new ones are confirmed. */
  const save = (trial: boolean) =>
    form.submit(async () => {
      const at = { params: { path: { firewall: firewall.id } } };
      const body = { rules: rulesOf(rules), ...(trial ? { status: 'draft' as const } : {}) };
      const answer = await answerOf(api.PUT('/firewalls/{firewall}', { ...at, body }));
      change(null);
      if (trial) {
        const deploy = { ...at, body: { confirm_within: CONFIRM_WITHIN } };
        tellSuccess((await answerOf(api.POST('/firewalls/{firewall}/deploy', deploy))).message);
        void client.invalidateQueries({ queryKey: ['firewall'] });
        return;
      }
      tellSuccess(answer.message);
      client.setQueryData(['firewall', firewall.id], answer.firewall);
      void client.invalidateQueries({ queryKey: ['firewall'] });
    });
  const move = (from: number, to: number) => {
    const next = [...rules];
    const [rule] = next.splice(from, 1);
    if (rule) change(next.toSpliced(to, 0, rule));
  };
  const endDrag = () => {
    setDrawn(null);
    setTarget(null);
  };
  const dragOf = (key: string, at: number): ComponentProps<typeof RuleLine>['drag'] => ({
    onDragStart({ dataTransfer }) {
      dataTransfer.effectAllowed = 'move';
      // Firefox draws nothing that has no data.
      dataTransfer.setData('text/plain', '');
      setDrawn(key);
    },
    onDragOver(event) {
      if (drawn === null) return;
      event.preventDefault();
      setTarget(key);
    },
    onDrop(event) {
      event.preventDefault();
      const from = rules.findIndex((rule) => rule.key === drawn);
      if (from >= 0 && from !== at) move(from, at);
      endDrag();
    },
    onDragEnd: endDrag,
  });
  const put = (rule: RuleDraft) => {
    const isKnown = rules.some(({ key }) => key === rule.key);
    change(isKnown ? rules.map((one) => (one.key === rule.key ? rule : one)) : [...rules, rule]);
    setEdited(null);
  };
  const problemsOf = (at: number | null) =>
    Object.entries(form.errors).flatMap(([field, sentences]) =>
      Number(/^rules\.(\d+)/.exec(field)?.[1] ?? -1) === (at ?? -1) ? sentences : [],
    );
  const problems = problemsOf(null);
  return (
    <Section
      title={text.rules}
      about={text.order}
      flush
      actions={
        <Button
          icon={<Plus />}
          blocked={refusals.change}
          onClick={() => setEdited({ ...NEW_RULE, key: newKey() })}
        >
          {text.addRule}
        </Button>
      }
    >
      {rules.length === 0 && <p className="px-5 py-6 text-quiet">{text.noRules}</p>}
      <ol>
        {rules.map((rule, at) => (
          <RuleLine
            key={rule.key}
            rule={rule}
            {...(refusals.change ? {} : { drag: dragOf(rule.key, at) })}
            isTarget={target === rule.key && drawn !== rule.key}
            errors={problemsOf(at)}
            actions={
              <span className="flex">
                <IconButton
                  label={text.up}
                  blocked={refusals.change ?? (at === 0 && text.isFirst)}
                  onClick={() => move(at, at - 1)}
                >
                  <ArrowUp />
                </IconButton>
                <IconButton
                  label={text.down}
                  blocked={refusals.change ?? (at === rules.length - 1 && text.isLast)}
                  onClick={() => move(at, at + 1)}
                >
                  <ArrowDown />
                </IconButton>
                <IconButton label={text.edit} blocked={refusals.change} onClick={() => setEdited(rule)}>
                  <Pencil />
                </IconButton>
                <IconButton
                  label={text.remove}
                  blocked={refusals.change}
                  onClick={() => change(rules.filter(({ key }) => key !== rule.key))}
                >
                  <Trash2 />
                </IconButton>
              </span>
            }
          />
        ))}
      </ol>
      {form.values.rules && (
        <div className="flex flex-wrap items-center gap-2 border-t border-line bg-accent-soft/60 px-5 py-3">
          <div className="min-w-0 flex-1 basis-60">
            <p>{text.unsaved}</p>
            {isOvertaken && <p role="alert">{text.changedMeanwhile}</p>}
            {problems.length > 0 && <p className="text-sm text-bad">{problems.join(' ')}</p>}
          </div>
          <Button onClick={() => change(null)}>{text.discard}</Button>
          {firewall.attached_instances.length > 0 && (
            <Button
              busy={form.busy}
              blocked={refusals.change}
              tip={text.saveSafelyAbout}
              onClick={() => void save(true)}
            >
              {text.saveSafely}
            </Button>
          )}
          <Button look="primary" busy={form.busy} onClick={() => void save(false)}>
            {text.save}
          </Button>
        </div>
      )}
      <Dialog open={edited !== null} onClose={() => setEdited(null)} title={text.editRule}>
        {edited && (
          <RuleForm
            key={edited.key}
            name={`rule ${firewall.id} ${rules.some(({ key }) => key === edited.key) ? edited.key : 'new'}`}
            rule={edited}
            onDone={put}
          />
        )}
      </Dialog>
    </Section>
  );
}

/** Rules cannot name GRE and ESP: only those for any protocol apply to them. */
const PROTOCOLS = ['tcp', 'udp', 'icmp', 'any'];

/** Changes one rule of the list, which is saved as a whole. What is typed is kept under `name`. */
function RuleForm({
  name,
  rule,
  onDone,
}: {
  name: string;
  rule: RuleDraft;
  onDone: (rule: RuleDraft) => void;
}) {
  const { values, set, submit } = useForm(name, { ...rule, sources: rule.source_ips.join(', ') });
  const { sources, ...draft } = values;
  const finish = async () => onDone({ ...draft, source_ips: sources.split(/[\s,]+/).filter(Boolean) });
  return (
    <Form onSend={() => submit(finish)}>
      <div className="grid grid-cols-2 gap-4">
        <SelectField
          label={text.direction}
          value={draft.direction}
          onValue={(direction) => set('direction', direction)}
          options={Object.entries(text.directionNames).map(([value, label]) => ({ value, label }))}
        />
        <SelectField
          label={text.action}
          value={draft.action}
          onValue={(action) => set('action', action)}
          options={Object.entries(text.actions).map(([value, label]) => ({ value, label }))}
        />
        <SelectField
          label={text.protocol}
          value={draft.protocol}
          onValue={(protocol) => set('protocol', protocol)}
          options={PROTOCOLS.map((value) => ({ value, label: value }))}
        />
        {hasPorts(draft) && (
          <TextField
            label={text.ports}
            optional
            value={draft.ports}
            onValue={(ports) => set('ports', ports)}
            inputMode="numeric"
          />
        )}
      </div>
      <TextField
        label={draft.direction === 'inbound' ? text.sources : text.destinations}
        hint={text.sourcesHint}
        optional
        value={sources}
        onValue={(next) => set('sources', next)}
      />
      {draft.direction === 'inbound' && (
        <SourceInstances
          value={draft.source_instance_ids}
          onValue={(next) => set('source_instance_ids', next)}
        />
      )}
      <TextField label={text.name} optional value={draft.name ?? ''} onValue={(next) => set('name', next)} />
      <TextField
        label={text.description}
        optional
        value={draft.description ?? ''}
        onValue={(next) => set('description', next)}
      />
      <SubmitRow>{text.done}</SubmitRow>
    </Form>
  );
}
