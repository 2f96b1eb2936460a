import { createContext, useCallback, useContext, useLayoutEffect, useState } from 'react';

/** Why the form around a button cannot be sent now; null where it can. */
export const SendingContext = createContext<string | null>(null);

type Begin = () => () => void;

/** By it, what is inside a form says that it has begun to load, and with the returned function that it is there. */
export const LoadingContext = createContext<Begin>(() => () => undefined);

/** Whether anything in a form is still being loaded, and what its parts tell that by. */
export function useLoadingParts(): { isLoading: boolean; begin: Begin } {
  const [count, setCount] = useState(0);
  const begin = useCallback(() => {
    setCount((before) => before + 1);
    return () => setCount((before) => before - 1);
  }, []);
  return { isLoading: count > 0, begin };
}

/** Keeps the form around it from being sent while `value` is undefined, as choices are that have not been loaded. */
export function useNeeded(value: unknown): void {
  const begin = useContext(LoadingContext);
  const isMissing = value === undefined;
  useLayoutEffect(() => (isMissing ? begin() : undefined), [isMissing, begin]);
}

/** The same, for what a form needs and does not show. */
export function Needed({ value }: { value: unknown }): null {
  useNeeded(value);
  return null;
}
