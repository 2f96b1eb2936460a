# change.pl PATH…: adds one to each setting that is a number, and prints "PATH<TAB>OLD VALUE" of those that took it.
# change.pl --back: puts back what the other way printed, read from the environment (OLD).
use strict;
use warnings;

if (($ARGV[0] // '') eq '--back') {
  for (split /\n/, $ENV{OLD}) {
    my ($path, $value) = split /\t/;
    set($path, $value);
  }
}
else {
  for my $path (@ARGV) {
    my $value = value($path) // next;
    next unless $value =~ /^\d{1,15}$/;
    set($path, $value + 1) or set($path, $value - 1) or next;
    print "$path\t$value\n" if value($path) ne $value;
  }
}

sub value {
  my ($path) = @_;
  open(my $file, '<', $path) or return undef;
  my $line = <$file> // '';
  chomp $line;
  return $line;
}

sub set {
  my ($path, $value) = @_;
  sysopen(my $file, $path, 1) or return 0;
  return syswrite($file, "$value\n");
}
