//! Code from text or bytes, native code, and cryptography. `eval`, `exec` and imports
//! are in `builtin`.

pub(super) const TABLE: &str = "
py:builtins.eval code X:source
py:builtins.exec code X:source
py:builtins.execfile code P:filename
py:builtins.compile code X:source
py:codeop.{compile_command} code X:source
py:code.{interact} code
py:code.{InteractiveInterpreter,InteractiveConsole} - -> itself
py:code.{InteractiveInterpreter,InteractiveConsole}.{runsource,runcode,push} code X:source
py:types.FunctionType code X:code -> like
py:types.CodeType code X:code
py:types.LambdaType code X:code
py:timeit.{timeit,repeat} code X:stmt X:setup
py:timeit.Timer code X:stmt X:setup -> itself
py:timeit.Timer.{timeit,repeat} - -> like
py:cProfile.{run,runctx} code X:statement
py:profile.{run,runctx} code X:statement
py:trace.Trace - -> itself
py:trace.Trace.{run,runctx} code X:cmd
py:pdb.{run,runeval} code X:statement
py:bdb.Bdb - -> itself
py:bdb.Bdb.{run,runeval} code X:cmd
py:doctest.{debug_script} code X:src
py:runpy.run_path code P:path_name
py:runpy.{run_module} import N:mod_name
py:test.support.script_helper.assert_python_ok code A* X:args
py:sys.{settrace,setprofile} - F:function
py:_xxsubinterpreters.run_string code O:id X:script
py:importlib.machinery.{SourceFileLoader,SourcelessFileLoader} import N:fullname P:path -> itself
py:importlib.machinery.ExtensionFileLoader native N:name P:path -> itself
py:importlib.util.spec_from_file_location import N:name P:location -> like
py:importlib.{load_source,load_compiled} import N:name P:pathname
py:importlib.{load_dynamic} native N:name P:pathname
py:zipimport.zipimporter import P:path -> itself
py:site.addsitedir import P:sitedir
py:marshal.{loads,load} deserialize D:bytes -> decoded
py:pickle.{loads,load} deserialize D:data -> decoded
py:pickle.{Unpickler} deserialize D:file -> itself
py:shelve.open deserialize P:filename -> itself
pypi:{dill,cloudpickle,jsonpickle,pickle5}.{loads,load,decode} deserialize D:data -> decoded
pypi:{yaml,ruamel.yaml}.{load,load_all} deserialize D:stream O:Loader -> decoded
pypi:{yaml}.{unsafe_load,unsafe_load_all,full_load,full_load_all} deserialize D:stream -> decoded
pypi:torch.load deserialize P:f -> decoded
pypi:joblib.load deserialize P:filename -> decoded
pypi:pandas.read_pickle deserialize P:filepath_or_buffer -> decoded
pypi:numpy.load - P:file -> file
pypi:shelve.open deserialize P:filename
py:ctypes.{CDLL,WinDLL,OleDLL,PyDLL,cdll.msvcrt}.{system,popen,_popen,_wsystem} shell C:command
py:ctypes.{CDLL,PyDLL}.{execve,execv,execvp,execl,execlp} spawn C:path A*
py:ctypes.{CDLL,WinDLL,OleDLL,PyDLL} native P:name -> itself
py:ctypes.{cdll,windll,oledll,pydll}.LoadLibrary native P:name -> itself
py:ctypes.util.find_library - N:name
py:ctypes.windll.{kernel32,ntdll}.{VirtualAlloc,VirtualProtect,RtlMoveMemory,CreateThread,CreateRemoteThread,WriteProcessMemory,OpenProcess,VirtualAllocEx,NtCreateThreadEx,LoadLibraryA,LoadLibraryW,WinExec} native D:address D:size D:data D:more
py:ctypes.windll.user32.{GetAsyncKeyState,SetWindowsHookExA,GetForegroundWindow,GetClipboardData,OpenClipboard,BlockInput} peripheral
py:ctypes.windll.user32.{SystemParametersInfoW,MessageBoxW} native D:action
py:ctypes.windll.shell32.{ShellExecuteW,ShellExecuteA} spawn _:hwnd O:verb C:file A:parameters
py:ctypes.windll.shell32.IsUserAnAdmin system
py:ctypes.{memmove,memset,string_at,cast,from_address} native D:dst D:src
py:ctypes.CFUNCTYPE native D:restype -> itself
pypi:cffi.FFI - -> itself
pypi:cffi.FFI.{dlopen} native P:name -> itself
pypi:cffi.FFI.{verify,set_source} native X:source
pypi:pythonmonkey.eval code X:source
pypi:js2py.{eval_js,exec_js} code X:js
pypi:py_mini_racer.MiniRacer - -> itself
pypi:py_mini_racer.MiniRacer.eval code X:code
pypi:execjs.{eval,compile} code X:source
pypi:pyarmor_runtime.__pyarmor__ code _ _ X:data
pypi:pytransform.pyarmor_runtime code
pypi:pytransform.__pyarmor__ code _ _ X:data
pypi:cryptography.fernet.Fernet cryptography N:key -> itself
pypi:cryptography.fernet.Fernet.encrypt cryptography D:data @N
pypi:cryptography.fernet.Fernet.decrypt cryptography D:data @N -> decoded
pypi:cryptography.hazmat.primitives.ciphers.Cipher cryptography N:algorithm -> itself
pypi:Crypto.Cipher.{AES,DES,DES3,Blowfish,ARC4,ChaCha20,Salsa20,PKCS1_OAEP}.new cryptography N:key -> pypi:Crypto.Cipher
pypi:Crypto.Cipher.{encrypt} cryptography D:data @N
pypi:Crypto.Cipher.{decrypt,decrypt_and_verify} cryptography D:data @N -> decoded
pypi:pyaes.{AESModeOfOperationCBC,AESModeOfOperationCTR,AESModeOfOperationGCM} cryptography N:key -> pypi:Crypto.Cipher
pypi:nacl.secret.SecretBox cryptography N:key -> pypi:Crypto.Cipher
pypi:pyzipper.AESZipFile cryptography P:file -> py:zipfile.ZipFile
";
