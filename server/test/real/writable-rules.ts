/** A path as `writable.pl` prints it, and why a guest that writes there does not affect the host. */
interface Rule {
  path: RegExp;
  why: string;
  /** Each guest has its own copy: a number that the guest changes must not change on the host. */
  own?: true;
}

const OWN_PROCESS = 'the kernel asks what the writer may do to that process, which is the guest’s own';
const OWN_IPC = 'each IPC namespace has its own';
const OWN_NETWORK = 'each network namespace has its own';
const OWN_USERS = 'a limit of the guest’s user namespace, below that of the host';
const OWN_DEVICES = 'made by LXC for this guest';
const DELEGATED =
  'moves the guest’s own processes between its own groups; limits are those of the group above';
const BELOW = 'a group of the guest’s own making, bounded by those above it, which it cannot write to';

const RULES: readonly Rule[] = [
  { path: /^\/proc\/PID\/(?!net\/|fd\/N|map_files\/N)/, why: OWN_PROCESS },
  { path: /^\/proc\/PID\/(task\/TID\/)?net\//, why: OWN_NETWORK },
  {
    path: /^\/proc\/PID\/(task\/TID\/)?fd\/N -> (pipe:\[N\]|socket:\[N\]|anon_inode:\S+|\/memfd:.* \(deleted\))$/,
    why: 'has no name anywhere, and was made in the guest or given to it for its output',
  },
  {
    path: /^\/proc\/pressure\/(cpu|io|memory)$/,
    why: 'asks to be told of pressure for as long as the file is open, and changes nothing',
  },
  { path: /^\/proc\/(cmdline|interrupts|partitions)$/, why: 'is covered by /dev/null, which keeps nothing' },
  { path: /^\/proc\/sys\/net\//, why: OWN_NETWORK, own: true },
  { path: /^\/proc\/sys\/user\/max_[a-z_]+$/, why: OWN_USERS, own: true },
  { path: /^\/proc\/sys\/fs\/mqueue\/[a-z_]+$/, why: OWN_IPC, own: true },
  {
    path: /^\/proc\/sys\/kernel\/(auto_msgmni|msg(max|mnb|mni|_next_id)|sem|sem_next_id|shm(all|max|mni|_next_id|_rmid_forced))$/,
    why: OWN_IPC,
    own: true,
  },
  { path: /^\/proc\/sys\/kernel\/(host|domain)name$/, why: 'each UTS namespace has its own', own: true },
  {
    path: /^\/proc\/sys\/kernel\/(ns_last_pid|pid_max)$/,
    why: 'each namespace of processes has its own, within that of the host',
    own: true,
  },
  {
    path: /^\/sys\/devices\/virtual\/net\/(lo|eth0)\//,
    why: 'the guest’s end of its cable; its filters and limits are on the host’s end',
    own: true,
  },
  { path: /^\/sys\/fs\/fuse\/connections\/\d+\//, why: 'a connection of the guest’s own, by its user' },
  { path: /^\/sys\/kernel\/security\/apparmor\/\.access$/, why: 'asks what a profile allows' },
  // The top of a guest's cgroups has its limits. The guest may write only these files there.
  {
    path: /^\/(sys\/fs|run\/danube)\/cgroup\/([^/]+\/)?(tasks|cgroup\.(procs|threads|subtree_control)|memory\.(oom\.group|reclaim))?$/,
    why: DELEGATED,
  },
  { path: /^\/(sys\/fs|run\/danube)\/cgroup\/([^/]+\/)?GROUP\/[a-z0-9_.]*$/, why: BELOW },
  { path: /^\/dev\/(null|zero|full|tty)$/, why: 'keeps nothing' },
  { path: /^\/dev\/u?random$/, why: 'is mixed in, and counts as nothing' },
  { path: /^\/dev\/(console|ptmx|pts\/(N|ptmx)?)$/, why: 'terminals of the guest’s own instance of devpts' },
  { path: /^\/dev\/(shm|mqueue|hugepages)\//, why: 'file systems of the guest’s own, within its memory' },
  { path: /^\/dev\/(\.lxc-boot-id|net\/|log|initctl)$/, why: OWN_DEVICES },
  { path: /^\/dev\/fuse$/, why: 'serves mounts of the guest’s own namespaces alone' },
  { path: /^\/dev\/net\/tun$/, why: 'makes interfaces in the guest’s own network namespace alone' },
];

/** Why a guest may write to that path, or null if nothing allows it. */
export const reasonFor = (place: string): string | null =>
  RULES.find(({ path }) => path.test(place))?.why ?? null;

/** Whether the guest should have its own copy of that file, though the host has a file of the same name. */
export const isOwn = (place: string): boolean =>
  !place.endsWith('/') && RULES.some(({ path, own }) => own === true && path.test(place));
