import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, newKey } from '../api/client.ts';
import { Told, tellFailure } from './toast.tsx';

/** Members that are never kept, not even in this browser. */
const SECRET = /password|secret/i;

/** What {@link useForm} gives to a form. */
export interface Form<T> {
  values: T;
  /** What of it somebody has changed. */
  changed: Partial<T>;
  set: <K extends keyof T>(name: K, value: T[K]) => void;
  /** The server's sentences by field; those of a field go as soon as it is changed. */
  errors: Readonly<Record<string, readonly string[]>>;
  busy: boolean;
  /** Sends the form. `work` gets the key by which the server recognises that it has got the same form already. */
  submit: (work: (key: string) => Promise<void>) => Promise<void>;
}

interface Options {
  /** It is sent again and again, so it stays as it is once it was sent. */
  again?: boolean;
}

/**
 * The state of a form. What is typed survives going back, a reload and an expired session: it is kept for this tab under
 * `name` until the form has been sent. Fields that nobody has changed show `initial`, also when that changes.
 */
export function useForm<T extends object>(
  name: string,
  initial: T,
  { again = false }: Options = {},
): Form<T> {
  const [changed, setChanged] = useState<Partial<T>>(() => readDraft<T>(name));
  const [errors, setErrors] = useState<Form<T>['errors']>({});
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  useEffect(() => writeDraft(name, changed), [name, changed]);
  const set = useCallback<Form<T>['set']>((field, value) => {
    // Another request is another creation.
    key.current = newKey();
    setChanged((before) => ({ ...before, [field]: value }));
    setErrors((before) => withoutField(before, String(field)));
  }, []);
  const submit = useCallback<Form<T>['submit']>(
    async (work) => {
      setBusy(true);
      try {
        await work(key.current);
        setErrors({});
        if (again) return;
        // The page may have gone already, and with it whoever would note the change.
        writeDraft(name, {});
        setChanged({});
      } catch (error) {
        const fields = error instanceof ApiError ? error.fields : {};
        setErrors(fields);
        if (Object.keys(fields).length === 0) tellFailure(error);
        else afterErrors(fields);
      } finally {
        setBusy(false);
      }
    },
    [name, again],
  );
  return { values: { ...initial, ...changed }, changed, set, errors, busy, submit };
}

function withoutField(errors: Form<object>['errors'], field: string): Form<object>['errors'] {
  return Object.fromEntries(
    Object.entries(errors).filter(([name]) => name !== field && !name.startsWith(`${field}.`)),
  );
}

/** Once the server's sentences are at their fields: goes to the first, or tells what is at none of them. */
function afterErrors(fields: Form<object>['errors']): void {
  requestAnimationFrame(() => {
    const shown = document.body.textContent;
    const missing = Object.values(fields)
      .flat()
      .filter((sentence) => !shown.includes(sentence));
    if (missing.length > 0) tellFailure(new Told(missing.join(' ')));
    document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}

const keyOf = (name: string): string => `danube-draft ${name}`;

function readDraft<T>(name: string): Partial<T> {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(name)) ?? '{}') as Partial<T>;
  } catch {
    return {};
  }
}

function writeDraft(name: string, values: object): void {
  const kept = Object.entries(values).filter(([field]) => !SECRET.test(field));
  try {
    if (kept.length === 0) sessionStorage.removeItem(keyOf(name));
    else sessionStorage.setItem(keyOf(name), JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // Storage may be forbidden: then nothing is kept.
  }
}
