# writable.pl FOLDER…: prints what below them the one who runs it may open for writing, a line each: folders with a slash
# at their end. `cgroups` stands for the guest's groups of processes. Writes nothing. What there are many of that are
# alike appears once: processes, threads, file descriptors, terminals, and groups below the guest's own.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :mode);
# -w asks access(2), which knows of user namespaces and of file systems that are read-only.
use filetest 'access';

# Where the guest sees groups of processes: each hierarchy has a mount of its own, wherever the guest put it.
open(my $mounts, '<', '/proc/self/mounts') or die $!;
my @hierarchies = map { /^\S+ (\S+) cgroup2? / ? $1 : () } <$mounts>;
my $groups = join '|', map { quotemeta } @hierarchies;

# File systems that the guest keeps its files on, whether they still have a name or not.
my %own = map { (stat $_)[0] => 1 } grep { -d } qw(/ /data /dev /dev/shm /run /tmp);

my %seen;
my @folders = map { $_ eq 'cgroups' ? @hierarchies : $_ } @ARGV;
while (defined(my $folder = shift @folders)) {
  opendir(my $handle, $folder) or next;
  my @names = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  closedir $handle;
  for my $name (@names) { look("$folder/$name") }
}
print map { "$_\n" } sort keys %seen;

sub look {
  my ($path) = @_;
  my @stat = lstat $path or return;
  if (S_ISDIR($stat[2])) {
    push @folders, $path unless grep { $path eq $_ } @hierarchies;
    report("$path/") if -w $path;
  }
  elsif (S_ISLNK($stat[2])) {
    # What a process has open may be a file that nobody sees by a name. All other links lead to what is walked, too.
    return unless $path =~ m{^/proc/\d+/(task/\d+/)?(fd|map_files)/};
    report($path, readlink $path) if opens($path) && !visible($path);
  }
  elsif (S_ISSOCK($stat[2])) { report($path) if -w $path }
  else { report($path) if opens($path) }
}

sub opens {
  my ($path) = @_;
  sysopen(my $file, $path, O_WRONLY | O_NONBLOCK | O_NOCTTY) or return 0;
  close $file;
  return 1;
}

# Whether the file that a link of /proc leads to is the one of that name here, or was once a file of the guest.
sub visible {
  my ($link) = @_;
  my ($device, $inode) = stat $link or return 0;
  return 1 if $own{$device};
  my ($there, $same) = stat(readlink $link) or return 0;
  return $device == $there && $inode == $same;
}

sub report {
  my ($path, $target) = @_;
  $path =~ s{^/proc/\d+/}{/proc/PID/};
  $path =~ s{^/proc/PID/task/\d+/}{/proc/PID/task/TID/};
  $path =~ s{/(fd|map_files|fdinfo)/[^/]+$}{/$1/N};
  $path =~ s{^/dev/pts/\d+$}{/dev/pts/N};
  $path =~ s{^($groups)/[^/]+/(?:.+/)?([^/]*)$}{$1/GROUP/$2} if $groups;
  $path .= ' -> ' . ($target =~ s{\d+}{N}gr) if defined $target;
  $seen{$path} = 1;
}
