//! Files and folders. `open` and `pathlib` decide by their mode and are in `builtin`.

pub(super) const TABLE: &str = "
py:os.{remove,unlink,rmdir,removedirs} delete P:path -> nothing
py:shutil.rmtree delete P:path -> nothing
py:os.{listdir,scandir,walk,fwalk} read P:top -> file
py:os.{stat,lstat} - P:path
py:os.{mkdir,makedirs,mkfifo,mknod,truncate} write P:path -> nothing
py:os.{rename,renames,replace,link,symlink} write P:src T:dst -> nothing
py:os.{chmod,chown,lchmod,lchown,fchmod} permission P:path O:mode -> nothing
py:os.open write P:path O:flags
py:os.write write P:fd D:data
py:os.read read P:fd -> file
py:os.readlink read P:path -> file
py:shutil.{copy,copy2,copyfile,copytree,move} read P:src T:dst
py:shutil.{copy,copy2,copyfile,copytree,move} write P:src T:dst
py:shutil.{make_archive} write T:base_name O:format P:root_dir
py:shutil.{unpack_archive} write P:filename T:extract_dir
py:glob.{glob,iglob} read P:pathname -> file
py:linecache.{getline,getlines} read P:filename -> file
py:fileinput.input read P:files -> file
py:mmap.mmap read P:fileno -> file
py:sqlite3.connect read P:database -> itself
py:sqlite3.connect.{execute,cursor} - @P D:sql -> itself
py:zipfile.ZipFile - P:file O:mode -> itself
py:zipfile.ZipFile.{extractall,extract} write @P T:path
py:zipfile.ZipFile.{write,writestr} write @P P:filename D:data
py:zipfile.ZipFile.{read,open} read @P -> file
py:tarfile.open - P:name O:mode -> py:tarfile.TarFile
py:tarfile.TarFile - P:name O:mode -> itself
py:tarfile.TarFile.{extractall,extract} write @P T:path
py:tarfile.TarFile.add write @P P:name
py:tempfile.{NamedTemporaryFile,TemporaryFile,SpooledTemporaryFile} write -> py:builtins.open
py:tempfile.{mkstemp,mkdtemp,mktemp} write
py:tempfile.TemporaryDirectory write
py:dbm.open write P:file
py:netrc.netrc read P:file -> credential
py:winreg.{SetValue,SetValueEx} write P:key N:sub_key _:reserved _:type D:value
py:winreg.{CreateKey,CreateKeyEx} write P:key N:sub_key -> itself
py:winreg.{DeleteKey,DeleteValue} delete P:key N:sub_key
py:winreg.{OpenKey,OpenKeyEx} read P:key N:sub_key -> itself
py:winreg.{QueryValue,QueryValueEx,EnumKey,EnumValue} read P:key N:value -> system
py:winreg.ConnectRegistry read N:computer P:key -> itself
pypi:aiofiles.open write P:file O:mode -> py:builtins.open
pypi:send2trash.send2trash delete P:paths
pypi:keyring.{get_password,get_credential} read N:service N:username -> credential
pypi:keyring.{set_password,delete_password} write N:service N:username D:password
pypi:browser_cookie3.{chrome,firefox,load,edge,opera,brave,safari,chromium} read -> credential
pypi:browsercookie.{chrome,firefox,load} read -> credential
pypi:win32crypt.CryptUnprotectData cryptography D:data -> credential
pypi:crontab.CronTab write N:user -> itself
pypi:crontab.CronTab.{new,write} write C:command
";
