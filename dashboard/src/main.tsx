import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/account.ts';
import { router } from './router.tsx';
import { reloadWhenOutdated } from './shell/outdated.ts';
import './styles.css';
import { installTips } from './ui/tip.ts';
import { Toasts } from './ui/toast.tsx';

reloadWhenOutdated(() => router.latestLocation.href);
installTips();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
