import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answerOf, api } from '../api/client.ts';
import { create, creationOf } from '../api/creation.ts';
import { imagesQuery } from '../api/images.ts';
import { sshKeysQuery } from '../api/queries.ts';
import { createText as text } from '../text/create.ts';
import { Choice, SelectField, TextArea, TextField } from '../ui/field.tsx';
import { useForm } from '../ui/form.ts';
import { Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { tellSuccess } from '../ui/toast.tsx';
import { CreateFrame } from './create-frame.tsx';
import { DATACENTER } from './datacenter.ts';
import { vpsKind } from './kinds.ts';
import { detailOf, PlanChoice } from './plan-choice.tsx';

const START = {
  name: '',
  image: 'debian-12',
  resource_profile: 'small_shared',
  auth_method: 'ssh_key' as 'ssh_key' | 'password',
  ssh_key_id: '',
  password: '',
  password_confirmation: '',
  public_key: '',
  custom_cloud_init: '',
};
const NEW = 'new';

const plansQuery = {
  queryKey: ['plans', 'vps'],
  queryFn: async () => {
    const { plans } = await answerOf(api.GET('/vps/plans'));
    return plans.map((plan) => ({ ...plan, memoryGb: plan.memory_size_gb }));
  },
};

/** The form for a new server. */
export function CreateVps() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: plans } = useQuery(plansQuery);
  const { data: images } = useQuery(imagesQuery);
  const { data: keys } = useQuery(sshKeysQuery);
  const { values, set, errors, busy, submit } = useForm('new vps', START);
  const plan = plans?.find((one) => one.resource_profile === values.resource_profile) ?? plans?.[0];
  const proposed = keys && String(keys.find((key) => key.is_default)?.id ?? keys[0]?.id ?? NEW);
  const keyId = values.ssh_key_id || (proposed ?? '');
  const creation = creationOfVps(values, keyId, plan?.resource_profile ?? '');
  const send = async (key: string) => {
    const { instance, message } = await create(creation, key).finally(() => {
      // Should the server be refused, the key is there for the next try.
      if (creation.first) void client.invalidateQueries({ queryKey: ['ssh-key'] });
    });
    tellSuccess(message);
    void client.invalidateQueries({ queryKey: ['vps'] });
    await navigate({ to: pathTo('/vps', instance.id) });
  };
  return (
    <CreateFrame
      kind={vpsKind}
      creation={creation}
      cents={plan?.monthly_cost_cents}
      facts={[
        [text.nameTitle, values.name],
        [text.image, images?.find(({ image }) => image === values.image)?.label ?? values.image],
        [text.plan, plan ? detailOf(plan) : ''],
      ]}
      busy={busy}
      onSubmit={() => void submit(send)}
    >
      <Section>
        <TextField
          label={text.nameTitle}
          hint={text.nameHint}
          placeholder={text.vps.name}
          value={values.name}
          errors={errors.name}
          onValue={(name) => set('name', name)}
          maxLength={255}
        />
      </Section>
      <Section title={text.image} about={text.imageAbout}>
        <Choice
          legend={text.image}
          columns="grid-cols-2 xl:grid-cols-3"
          value={values.image}
          errors={errors.image}
          onValue={(image) => set('image', image)}
          options={images?.map(({ image, label, available, unavailable_reason }) => ({
            value: image,
            title: label,
            blocked: available ? undefined : (unavailable_reason ?? text.unavailable),
          }))}
        />
      </Section>
      <PlanChoice
        plans={plans}
        value={plan?.resource_profile ?? ''}
        errors={errors.resource_profile}
        onValue={(profile) => set('resource_profile', profile)}
      />
      <Section title={text.login} about={text.loginAbout}>
        <div className="flex flex-col gap-5">
          <Choice
            legend={text.login}
            columns="sm:grid-cols-2"
            value={values.auth_method}
            errors={errors.auth_method}
            onValue={(method) => set('auth_method', method)}
            options={[
              { value: 'ssh_key', title: text.sshKey, detail: text.sshKeyAbout },
              { value: 'password', title: text.password, detail: text.passwordAbout },
            ]}
          />
          {values.auth_method === 'ssh_key' && (
            <>
              {keys?.length !== 0 && (
                <SelectField
                  label={text.sshKey}
                  value={keyId}
                  errors={errors.ssh_key_id}
                  onValue={(id) => set('ssh_key_id', id)}
                  options={
                    keys && [
                      ...keys.map(({ id, name }) => ({ value: String(id), label: name })),
                      { value: NEW, label: text.newKey },
                    ]
                  }
                />
              )}
              {keyId === NEW && (
                <TextArea
                  label={text.publicKey}
                  hint={text.publicKeyHint}
                  placeholder="ssh-ed25519 AAAA… me@laptop"
                  className="font-mono text-sm"
                  value={values.public_key}
                  errors={errors.public_key ?? errors.ssh_key_id}
                  onValue={(key) => set('public_key', key)}
                />
              )}
            </>
          )}
          {values.auth_method === 'password' && (
            <div className="grid gap-5 sm:grid-cols-2">
              <TextField
                label={text.password}
                type="password"
                autoComplete="new-password"
                value={values.password}
                errors={errors.password}
                onValue={(password) => set('password', password)}
              />
              <TextField
                label={text.repeat}
                type="password"
                autoComplete="new-password"
                value={values.password_confirmation}
                errors={errors.password_confirmation}
                onValue={(password) => set('password_confirmation', password)}
              />
            </div>
          )}
        </div>
      </Section>
      <Section>
        <TextArea
          label={text.cloudInit}
          optional
          hint={text.cloudInitHint}
          placeholder="#cloud-config"
          className="font-mono text-sm"
          rows={6}
          value={values.custom_cloud_init}
          errors={errors.custom_cloud_init}
          onValue={(data) => set('custom_cloud_init', data)}
        />
      </Section>
    </CreateFrame>
  );
}

/** The request for the server, after that for its key where that is new. */
function creationOfVps(values: typeof START, keyId: string, resource_profile: string) {
  const { name, image, auth_method, password, password_confirmation, custom_cloud_init } = values;
  const byKey = auth_method === 'ssh_key';
  const body = {
    name,
    image,
    datacenter: DATACENTER,
    resource_profile,
    auth_method,
    ...(byKey && keyId !== NEW ? { ssh_key_id: Number(keyId) } : {}),
    ...(byKey ? {} : { password, password_confirmation }),
    ...(custom_cloud_init ? { custom_cloud_init } : {}),
  };
  if (!byKey || keyId !== NEW) return creationOf('/vps', body);
  const line = values.public_key.trim();
  // The comment at the end of the line is what people call their key.
  const key = { name: line.split(/\s+/).slice(2).join(' ') || 'key', public_key: line };
  const first = { creation: creationOf('/ssh-keys', key), member: 'ssh_key_id', at: ['key', 'id'] };
  return creationOf('/vps', body, { first });
}
