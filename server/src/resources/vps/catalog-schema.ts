import { type Static, Type } from 'typebox';
import { Component, Enum, Int, List, Message, Nullable, Obj, Text } from '../../http/schema.ts';
import { Decimal, planMembers } from '../../instances/schema.ts';
import { AllocationType, ImageName, PlanName } from './schema.ts';

const imageFields = {
  id: ImageName,
  image: ImageName,
  label: Text(100, 'Debian 12'),
  description: Text(500, 'Debian 12 "bookworm".'),
  version: Text(40, '12'),
  family: Nullable(Text(40, 'debian')),
  default_user: Enum(['root']),
  available: Type.Boolean({ example: true, description: 'Whether this install can provide it now.' }),
  unavailable_reason: Nullable(Message('The image server does not answer.')),
};

export const ImagesQuery = Obj({
  include_unavailable: Type.Optional(
    Enum(['0', '1', 'false', 'true'], {
      example: '1',
      description: 'Whether to list the images too that this install cannot offer, each with the reason.',
    }),
  ),
});

export const readImagesQuery = (query: Static<typeof ImagesQuery>) => ({
  unavailable: query.include_unavailable === '1' || query.include_unavailable === 'true',
});

export const VpsImages = Component('VpsImageList', {
  images: List(Component('VpsImage', { ...imageFields, distro: Text(40, 'debian') })),
});

export const VpsImageGroups = Component('VpsImageGroupList', {
  groups: List(
    Component('VpsImageGroup', {
      distro: Text(40, 'debian'),
      name: Text(100, 'Debian'),
      images: List(Component('VpsGroupedImage', imageFields)),
    }),
  ),
});

export const VpsPlans = Component('VpsPlanList', {
  plans: List(
    Component('VpsPlan', {
      ...planMembers(PlanName, 'Nano shared'),
      cpu_allocation_type: AllocationType,
      type: AllocationType,
      cpu_cores: Int(2),
      memory_size_gb: Decimal(2),
      memory_gb: Decimal(2),
    }),
  ),
});
