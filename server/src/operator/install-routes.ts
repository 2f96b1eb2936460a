import type { Images } from '../dataplane/contract/images.ts';
import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { mutate } from '../http/mutation.ts';
import { Obj, PathId, parseNumberId } from '../http/schema.ts';
import { announce, currentAnnouncements, listAnnouncements, removeAnnouncement } from './announcements.ts';
import { readCapacity } from './capacity.ts';
import { listInstallImages, rebuildImage } from './images.ts';
import {
  Announce,
  AnnouncementList,
  AnnouncementMade,
  AnnouncementRemoved,
  OperatorCapacityReport,
  OperatorImageList,
  RebuildImage,
  RebuildOrdered,
} from './schema.ts';

const tags = ['Operator'];
const read = { scope: 'operator:read', team: 'none' } as const;
const write = { scope: 'operator:write', team: 'none' } as const;

/** Routes for how full the install is, and for its images. */
export function installRoutes(api: Api, database: Database, plane: Images): void {
  api.get(
    '/operator/capacity',
    {
      schema: {
        operationId: 'getOperatorCapacity',
        summary: 'Show capacity and forecast',
        description:
          'Shows what the install has and has promised, and in how many days it is full if it goes on to grow as in the last 30 days.',
        tags,
        response: { 200: OperatorCapacityReport },
      },
      config: read,
    },
    () => readCapacity(database.db),
  );
  api.get(
    '/operator/images',
    {
      schema: {
        operationId: 'listOperatorImages',
        summary: 'List images of the install',
        description:
          'Lists the images of servers, managed services and the platform, with the state of their builds.',
        tags,
        response: { 200: OperatorImageList },
      },
      config: read,
    },
    async () => ({ data: await listInstallImages(database.db, plane) }),
  );
  api.post(
    '/operator/images/rebuild',
    {
      schema: {
        operationId: 'rebuildImage',
        summary: 'Build an image anew',
        description:
          'Has an image built or downloaded anew, with the packages of today, as soon as a worker is free for it. Instances that ' +
          'there are stay as they are.',
        tags,
        body: RebuildImage,
        response: { 200: RebuildOrdered },
      },
      config: { ...write, errors: ['not_found'] },
    },
    (request) =>
      mutate(request, async (tx) => {
        await rebuildImage(tx, plane, request.body.name);
        return { message: 'The image will be built anew.' };
      }),
  );
}

/** Routes for what operators tell their customers. */
export function announcementRoutes(api: Api, database: Database): void {
  api.get(
    '/announcements',
    {
      schema: {
        operationId: 'listAnnouncements',
        summary: 'List announcements',
        description:
          'What the operator of the install tells its customers at this moment, such as planned maintenance.',
        tags: ['Health'],
        response: { 200: AnnouncementList },
      },
      config: { scope: null, team: 'none' },
    },
    async () => ({ data: await currentAnnouncements(database.db) }),
  );
  api.get(
    '/operator/announcements',
    {
      schema: {
        operationId: 'listOperatorAnnouncements',
        summary: 'List announcements with those to come',
        description: 'Lists the announcements that are not over, also those that are still to come.',
        tags,
        response: { 200: AnnouncementList },
      },
      config: read,
    },
    async () => ({ data: await listAnnouncements(database.db) }),
  );
  api.post(
    '/operator/announcements',
    {
      schema: {
        operationId: 'createAnnouncement',
        summary: 'Announce something',
        description:
          'Tells all customers something: the dashboard shows it on every page, and `GET /announcements` lists it.',
        tags,
        body: Announce,
        response: { 201: AnnouncementMade },
      },
      config: { ...write, errors: ['quota_exceeded'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Announced.',
        announcement: await announce(tx, request.body),
        warnings: [],
      })),
  );
  api.delete(
    '/operator/announcements/:announcement',
    {
      schema: {
        operationId: 'deleteAnnouncement',
        summary: 'End an announcement',
        description: 'Tells it to nobody any more.',
        tags,
        params: Obj({ announcement: PathId('integer', 'Number of the announcement.') }),
        response: { 200: AnnouncementRemoved },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => {
        await removeAnnouncement(tx, parseNumberId(request.params.announcement));
        return { message: 'The announcement has ended.' };
      }),
  );
}
