import { useQuery } from '@tanstack/react-query';
import { signInApi } from './api.ts';

const optionsQuery = { queryKey: ['sign-in options'], queryFn: signInApi.options };

/** How people can sign in and register here, and whether the install sends mail; undefined until that is known. */
export const useOptions = () => useQuery(optionsQuery).data;
