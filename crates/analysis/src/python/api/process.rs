//! Programs that start.

pub(super) const TABLE: &str = "
py:os.system shell C:command
py:os.{popen,popen2,popen3,popen4} shell C:cmd -> process
py:{popen2,commands}.{popen2,popen3,getoutput,getstatusoutput} shell C:cmd -> process
py:subprocess.{getoutput,getstatusoutput} shell C:cmd -> process
py:subprocess.{run,call,check_call} spawn C:args -> process
py:subprocess.check_output spawn C:args -> process
py:subprocess.Popen spawn C:args -> itself
py:subprocess.Popen.{communicate,stdout,stderr,stdout.read} - -> process
py:_posixsubprocess.fork_exec spawn C:args
py:_winapi.CreateProcess spawn C:name A:line
py:os.{execl,execle,execlp,execlpe} spawn C:file A*
py:os.{execv,execve,execvp,execvpe} spawn C:file A:args O:env
py:os.{spawnl,spawnle,spawnlp,spawnlpe} spawn _:mode C:file A*
py:os.{spawnv,spawnve,spawnvp,spawnvpe} spawn _:mode C:file A:args
py:os.{posix_spawn,posix_spawnp} spawn C:path A:argv
py:os.startfile spawn C:filepath
py:os.{fork,forkpty} - -> nothing
py:pty.spawn spawn C:argv
py:asyncio.create_subprocess_exec spawn C:program A*
py:asyncio.create_subprocess_shell shell C:cmd
py:asyncio.subprocess.create_subprocess_exec spawn C:program A*
py:asyncio.subprocess.create_subprocess_shell shell C:cmd
py:multiprocessing.Process - _:group F:target -> itself
py:threading.Thread - _:group F:target -> itself
py:threading.Timer - _:interval F:function -> itself
py:threading.start_new_thread - F:function
py:contextlib.{ExitStack,AsyncExitStack} - -> itself
py:sched.scheduler - -> itself
py:multiprocessing.Pool - -> itself
py:multiprocessing.pool.{Pool,ThreadPool} - -> py:multiprocessing.Pool
py:asyncio.{get_event_loop,get_running_loop,new_event_loop} - -> py:asyncio.get_event_loop
py:atexit.register - F:func
py:asyncio.{run,create_task,ensure_future,run_coroutine_threadsafe} - _:main
py:asyncio.to_thread - F:func
py:webbrowser.{open,open_new,open_new_tab} open-address U:url
py:webbrowser.get - -> itself
py:webbrowser.get.{open,open_new,open_new_tab} open-address U:url
py:platform.popen shell C:cmd -> process
pypi:pexpect.{spawn,run,runu,spawnu} shell C:command -> process
pypi:pexpect.popen_spawn.PopenSpawn shell C:cmd
pypi:ptyprocess.PtyProcess.spawn spawn C:argv
pypi:plumbum.local.{which,get} spawn C:name
pypi:plumbum.cmd.{bash,sh} shell C:c
pypi:sh.Command spawn C:path A*
pypi:sh.{sh,bash} shell C:command A:args
pypi:delegator.run shell C:command -> process
pypi:envoy.run shell C:command -> process
pypi:fabric.{Connection,api,operations}.{run,sudo,local} shell C:command
pypi:fabric.api.{run,sudo,local} shell C:command
pypi:invoke.{run,sudo} shell C:command -> process
pypi:invoke.Context.{run,sudo} shell C:command
pypi:paramiko.SSHClient - -> itself
pypi:paramiko.SSHClient.exec_command shell C:command
pypi:paramiko.SSHClient.connect connect H:hostname R:port D:username D:password
pypi:psutil.Popen spawn C:args
pypi:twisted.internet.reactor.spawnProcess spawn _ C:executable A:args
pypi:gevent.subprocess.{run,call,check_call,check_output,Popen} spawn C:args -> process
pypi:win32api.{ShellExecute,WinExec} spawn C:file A:args
pypi:wmi.WMI - -> itself
pypi:docker.from_env - -> pypi:docker.DockerClient
";
