//! What every limit on memory leaves: as Linux says it in `/proc`, and in control groups (versions 1 and 2), which
//! containers and jobs are held to. Other systems say nothing.

use super::{FreeMemory, MemoryLimit};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// What is left under each limit that there is.
pub(super) fn all() -> Vec<FreeMemory> {
    let text = |path: &str| read_to_string(path).unwrap_or_default();
    let (machine, limits, status) =
        (text("/proc/meminfo"), text("/proc/self/limits"), text("/proc/self/status"));
    let promised = text("/proc/sys/vm/overcommit_memory").trim() == "2";
    let free = |limit: MemoryLimit, bytes: Option<u128>| bytes.map(|bytes| FreeMemory { bytes, limit });
    let found = [
        free(MemoryLimit::Machine, kibibytes(&machine, "MemAvailable:")),
        free(MemoryLimit::Commitment, commitment(&machine).filter(|_| promised)),
        free(MemoryLimit::ControlGroup, left_by_groups()),
        free(MemoryLimit::AddressSpace, left(&limits, "Max address space", kibibytes(&status, "VmSize:"))),
        free(MemoryLimit::DataSegment, left(&limits, "Max data size", kibibytes(&status, "VmData:"))),
    ];
    found.into_iter().flatten().collect()
}

/// The bytes behind a key such as `MemAvailable:`, which files of `/proc` give in units of 1024.
fn kibibytes(text: &str, key: &str) -> Option<u128> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * number)
}

/// What the machine still promises.
fn commitment(machine: &str) -> Option<u128> {
    Some(kibibytes(machine, "CommitLimit:")?.saturating_sub(kibibytes(machine, "Committed_AS:")?))
}

/// What a limit of `/proc/self/limits` leaves beyond what is used; `None` where there is no such limit.
fn left(limits: &str, name: &str, used: Option<u128>) -> Option<u128> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    let limit: u128 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used?))
}

/// Bytes that the group of this process and those above it leave; `None` without such limits.
fn left_by_groups() -> Option<u128> {
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    let mounts = read_to_string("/proc/self/mountinfo").ok()?;
    let found = [Version::One, Version::Two].map(|version| {
        let (root, mount) = version.mounted(&mounts)?;
        let group = version.group(&groups)?;
        least(version, &mount, &below(&root, group))
    });
    found.into_iter().flatten().min()
}

/// The two arrangements of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    /// A tree for each resource.
    One,
    /// One tree.
    Two,
}

impl Version {
    /// The group of the process, from `/proc/self/cgroup`.
    fn group(self, groups: &str) -> Option<&str> {
        groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (number, resources, path) = (parts.next()?, parts.next()?, parts.next()?);
            let ours = match self {
                Self::One => resources.split(',').any(|resource| resource == "memory"),
                Self::Two => number == "0" && resources.is_empty(),
            };
            ours.then_some(path)
        })
    }

    /// The group that is mounted, and where, from `/proc/self/mountinfo`.
    fn mounted(self, mounts: &str) -> Option<(PathBuf, PathBuf)> {
        mounts.lines().find_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let mut place = place.split(' ').skip(3);
            let (root, mount) = (place.next()?, place.next()?);
            let mut kind = kind.split(' ');
            let ours = match (self, kind.next()?) {
                (Self::One, "cgroup") => kind.next_back()?.split(',').any(|option| option == "memory"),
                (Self::Two, "cgroup2") => true,
                _ => false,
            };
            ours.then(|| (PathBuf::from(root), PathBuf::from(mount)))
        })
    }

    /// Names of the files: limits, use, and what part of the use is of files that can be read again.
    fn files(self) -> (&'static [&'static str], &'static str, [&'static str; 2]) {
        match self {
            Self::One => {
                let cached = ["total_inactive_file", "total_active_file"];
                (&["memory.limit_in_bytes"], "memory.usage_in_bytes", cached)
            }
            // Above `memory.high` a group is slowed down until it makes no progress.
            Self::Two => (&["memory.max", "memory.high"], "memory.current", ["inactive_file", "active_file"]),
        }
    }
}

/// The group's path from the mounted one on; the mounted one itself where the process sees no more.
fn below(root: &Path, group: &str) -> PathBuf {
    Path::new(group).strip_prefix(root).map(Path::to_owned).unwrap_or_default()
}

/// The least that the group and all groups above it leave.
fn least(version: Version, mount: &Path, group: &Path) -> Option<u128> {
    group.ancestors().filter_map(|group| of_group(version, &mount.join(group))).min()
}

fn of_group(version: Version, directory: &Path) -> Option<u128> {
    let (limits, usage, cached) = version.files();
    let number = |name: &str| read_to_string(directory.join(name)).ok()?.trim().parse::<u128>().ok();
    let limit = limits.iter().filter_map(|name| number(name)).min()?;
    let stat = read_to_string(directory.join("memory.stat")).unwrap_or_default();
    let of_files: u128 = cached.iter().filter_map(|name| counted(&stat, name)).sum();
    Some(limit.saturating_sub(number(usage)?.saturating_sub(of_files)))
}

/// A number of `memory.stat`.
fn counted(stat: &str, name: &str) -> Option<u128> {
    let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_system_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max data size             unlimited            unlimited            bytes     \n\
                      Max address space         3072000000           unlimited            bytes     \n";
        let status = "VmPeak:\t  999999 kB\nVmSize:\t 1000000 kB\nVmData:\t     100 kB\n";
        let used = kibibytes(status, "VmSize:");
        assert_eq!(used, Some(1_024_000_000));
        assert_eq!(left(limits, "Max address space", used), Some(2_048_000_000));
        assert_eq!(left(limits, "Max address space", Some(1 << 40)), Some(0));
        assert_eq!(left(limits, "Max data size", used), None);
        assert_eq!(left("", "Max data size", used), None);
        let machine = "MemAvailable:   10 kB\nCommitLimit:    30 kB\nCommitted_AS:   20 kB\n";
        assert_eq!((kibibytes(machine, "MemAvailable:"), commitment(machine)), (Some(10_240), Some(10_240)));
    }

    const MOUNTS: &str = "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n\
                          35 23 0:31 /docker/abc /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n\
                          36 23 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn groups_and_mounts_are_found_in_both_versions() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/docker/abc/job\n0::/user.slice/a:b\n";
        assert_eq!(Version::One.group(groups), Some("/docker/abc/job"));
        assert_eq!(Version::Two.group(groups), Some("/user.slice/a:b"));
        let (root, mount) = Version::One.mounted(MOUNTS).expect("mounted");
        assert_eq!(mount, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!(below(&root, "/docker/abc/job"), Path::new("job"));
        // A process in a namespace of its own sees the root alone.
        assert_eq!(below(&root, "/../.."), Path::new(""));
        let (_, mount) = Version::Two.mounted(MOUNTS).expect("mounted");
        assert_eq!(mount, Path::new("/sys/fs/cgroup/unified"));
        assert_eq!(Version::One.mounted("1 2 0:3 / / rw - ext4 /dev/vda rw\n"), None);
    }

    #[test]
    fn the_tightest_group_counts_and_caches_of_files_do_not() {
        let mount = tempfile::tempdir().expect("a directory");
        let job = mount.path().join("outer/job");
        std::fs::create_dir_all(&job).expect("directories");
        let write = |directory: &Path, name: &str, text: &str| {
            std::fs::write(directory.join(name), text).expect("written");
        };
        write(&job, "memory.max", "max\n");
        write(&job, "memory.current", "500\n");
        assert_eq!(least(Version::Two, mount.path(), Path::new("outer/job")), None);
        let outer = mount.path().join("outer");
        write(&outer, "memory.max", "2000\n");
        write(&outer, "memory.high", "1500\n");
        write(&outer, "memory.current", "1000\n");
        write(&outer, "memory.stat", "anon 100\nfile 700\ninactive_file 600\nactive_file 100\n");
        assert_eq!(least(Version::Two, mount.path(), Path::new("outer/job")), Some(1_200));
        write(&job, "memory.limit_in_bytes", "300\n");
        write(&job, "memory.usage_in_bytes", "900\n");
        write(&job, "memory.stat", "inactive_file 1\ntotal_inactive_file 650\ntotal_active_file 0\n");
        assert_eq!(least(Version::One, mount.path(), Path::new("outer/job")), Some(50));
    }
}
