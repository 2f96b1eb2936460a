/** Where new instances are made; every install has this one. */
export const DATACENTER = 'fsn1';
