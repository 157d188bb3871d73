import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { useMachine } from './machine.ts'

const { run, succeed } = useMachine()

/** Nothing of a container is left: no process, scope, cgroup, mount or folder. A monitor that deletes what `run --rm` has left to it has its time for that. */
async function expectNothingLeft(): Promise<void> {
  expect(await succeed('lichen ps -aq')).toBe('')
  for (const look of [
    'ls -A ~/.local/share/lichen/containers',
    "systemctl --user list-units --all --plain --no-legend 'lichen-*'",
    "find /sys/fs/cgroup -name 'lichen-*'",
    "ps -u user -o args= | grep -E 'lichen-runtime|slirp4netns|fuse-overlayfs' | grep -v grep || true",
  ])
    await eventually(() => succeed(look), /^$/)
}

describe('limits', () => {
  it('an allocation over --memory ends in 137, and OOMKilled is true', async () => {
    const { code } = await run('lichen run --name eater --memory 32m --memory-swap 32m busybox tail /dev/zero')
    expect(code).toBe(137)
    expect(await succeed("lichen inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' eater")).toBe('true 137')
    await succeed('lichen rm eater')
    await expectNothingLeft()
  })

  it('without a limit nobody is killed by it', async () => {
    expect(await succeed("lichen run --name calm busybox true && lichen inspect --format '{{.State.OOMKilled}}' calm && lichen rm calm")).toContain('false')
  })

  it('--memory and --memory-swap are what the cgroup says', async () => {
    const files = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max'
    expect(await succeed(`lichen run --rm --memory 64m --memory-swap 96m busybox sh -c '${files}'`)).toBe('67108864\n33554432')
  })

  it('--pids-limit stops a fork loop', async () => {
    const { output } = await run(
      "lichen run --rm --pids-limit 20 busybox sh -c 'i=0; while [ $i -lt 60 ]; do sleep 20 & i=$((i+1)); done 2>&1; ls -d /proc/[0-9]* | wc -l'",
    )
    expect(output).toMatch(/can't fork|Resource temporarily unavailable/)
    await expectNothingLeft()
  })

  it('--cpus 0.5 gives about half a core', async () => {
    const id = await succeed("lichen run -d --rm --cpus 0.5 busybox sh -c 'while :; do :; done'")
    const pid = await succeed(`lichen inspect --format '{{.State.Pid}}' ${id}`)
    const used = await succeed(`
      cgroup=/sys/fs/cgroup$(cut -d: -f3 /proc/${pid}/cgroup)
      usage() { sed -n 's/^usage_usec //p' $cgroup/cpu.stat; }
      a=$(usage); s=$(date +%s%N); sleep 5; b=$(usage); e=$(date +%s%N)
      echo $(( (b - a) * 100000 / ((e - s) / 1000) ))`)
    await succeed(`lichen kill ${id} && lichen wait ${id} 2>/dev/null || true`)
    // Thousandths of a percent of one core.
    expect(Number(used) / 1000).toBeGreaterThan(30)
    expect(Number(used) / 1000).toBeLessThan(65)
    await expectNothingLeft()
  })

  it('--cpu-shares becomes a weight', async () => {
    expect(await succeed('lichen run --rm --cpu-shares 2048 busybox cat /sys/fs/cgroup/cpu.weight')).toMatch(/^(1[5-9]\d|20\d)$/)
  })

  it('--cpu-quota and --cpu-period are what the cgroup says', async () => {
    expect(await succeed('lichen run --rm --cpu-period 50000 --cpu-quota 20000 busybox cat /sys/fs/cgroup/cpu.max')).toBe('20000 50000')
  })

  it('a limit that can not be enforced is refused, with the remedy', async () => {
    const { code, output } = await run('lichen run --rm --cpuset-cpus 0 busybox true')
    expect(code).toBe(125)
    expect(output).toMatch(/Error: the cgroup controller cpuset is not delegated to you/)
    expect(output).toMatch(/hint: .*Delegate=/)
    await expectNothingLeft()
  })
})

describe('scopes', () => {
  it('a container has a scope that systemd-cgls shows, and it goes with the container', async () => {
    const id = await succeed('lichen run -d --name shown busybox sleep 1000')
    expect(await succeed('systemd-cgls --no-pager --full --user-unit 2>/dev/null || systemd-cgls --no-pager --full')).toContain(`lichen-${id}`)
    expect(await succeed("systemctl --user list-units --plain --no-legend 'lichen-*.scope'")).toContain('running')
    expect(await succeed("lichen inspect --format '{{.State.CgroupPath}}' shown")).toContain(`/lichen-${id}`)
    await succeed('lichen stop -t 1 shown && lichen rm shown')
    await expectNothingLeft()
  })

  it('pids of the container are in its own cgroup, seen as / from inside', async () => {
    expect(await succeed('lichen run --rm busybox cat /proc/self/cgroup')).toBe('0::/')
  })

  it('exec goes into the cgroup of the container', async () => {
    await succeed('lichen run -d --name inner busybox sleep 1000')
    expect(await succeed('lichen exec inner cat /proc/self/cgroup')).toBe('0::/')
    await succeed('lichen rm -f inner')
    await expectNothingLeft()
  })

  it('a subtree that was delegated to the user: --cgroup-parent', async () => {
    const output = await succeed(`systemd-run --user --scope --quiet --property=Delegate=yes sh -c '
      own=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
      mkdir $own/shell $own/box && echo $$ >$own/shell/cgroup.procs && echo "+memory +pids" >$own/cgroup.subtree_control
      lichen run --rm --cgroup-parent \${own#/sys/fs/cgroup}/box --memory 64m busybox cat /sys/fs/cgroup/memory.max
      ls -d $own/box/*/ 2>/dev/null | wc -l'`)
    expect(output).toBe('67108864\n0')
    await expectNothingLeft()
  })

  it('SIGKILL of the monitor takes the container with it, and the next command tells the truth', async () => {
    await succeed('lichen run -d --name orphan busybox sleep 1000')
    await succeed("kill -9 $(lichen inspect --format '{{.State.ConmonPid}}' orphan)")
    expect(await succeed("lichen wait orphan; lichen inspect --format '{{.State.Status}}' orphan")).toMatch(/exited$/)
    await succeed('lichen rm orphan')
    await expectNothingLeft()
  })

  it('ten containers at once', async () => {
    await succeed(
      'for i in 1 2 3 4 5 6 7 8 9 10; do lichen run --rm --memory 32m busybox true & pids="$pids $!"; done; for p in $pids; do wait $p || exit 1; done',
    )
    await expectNothingLeft()
  })
})

describe('network and files as on any machine', () => {
  it('a published port answers', async () => {
    await succeed("lichen run -d --name web -p 127.0.0.1:8080:80 busybox sh -c 'echo hello >/tmp/index.html; exec httpd -f -p 80 -h /tmp'")
    expect(await succeed('curl -sS --retry 10 --retry-connrefused --retry-delay 1 http://127.0.0.1:8080/')).toBe('hello')
    await succeed('lichen rm -f web')
    await expectNothingLeft()
  })

  it.each(['overlay', 'fuse-overlayfs', 'vfs'])('%s', async (driver) => {
    expect(await succeed(`lichen --storage-driver ${driver} run --rm busybox sh -c 'echo x >/new && rm /bin/vi && ls /bin/vi 2>&1; cat /new'`)).toMatch(
      /No such file[\s\S]*x$/,
    )
    await expectNothingLeft()
  })
})
