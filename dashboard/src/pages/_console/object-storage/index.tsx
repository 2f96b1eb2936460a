import { createFileRoute } from '@tanstack/react-router';
import { StoragePage } from '../../../storage/storage-page.tsx';

export const Route = createFileRoute('/_console/object-storage/')({ component: StoragePage });
