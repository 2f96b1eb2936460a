import type { ImageReport } from '../../dataplane/contract/images.ts';
import { CATALOG, type CatalogImage } from '../../images/catalog.ts';

/** What a list of images holds. */
export interface ImagesWanted {
  /** Also those that this install cannot offer, with the reason. */
  unavailable: boolean;
}

/** The images of the catalogue. */
export function listedImages(reports: ImageReport[], wanted: ImagesWanted) {
  return CATALOG.map((image) => ({ ...imageFields(image, reports), distro: image.distro })).filter(
    ({ available }) => available || wanted.unavailable,
  );
}

/** The same images grouped by distribution, in the order of the catalogue. */
export function groupedImages(reports: ImageReport[], wanted: ImagesWanted) {
  const shown = new Set(listedImages(reports, wanted).map(({ id }) => id));
  const images = CATALOG.filter(({ id }) => shown.has(id));
  const groups = Map.groupBy(images, (image) => image.distro);
  return [...groups].map(([distro, images]) => ({
    distro,
    name: images[0]!.distroName,
    images: images.map((image) => imageFields(image, reports)),
  }));
}

function imageFields(image: CatalogImage, reports: ImageReport[]) {
  const report = reports.find((candidate) => candidate.name === image.id);
  const available = report !== undefined && report.state !== 'unavailable';
  return {
    id: image.id,
    image: image.id,
    label: image.label,
    description: image.description,
    version: image.version,
    family: image.family,
    default_user: image.defaultUser,
    available,
    unavailable_reason: available ? null : (report?.reason ?? 'This install does not offer it.'),
  };
}
