//! The machine and who sits before it; the environment is in `builtin`.

pub(super) const TABLE: &str = "
py:platform.{node,uname,platform,processor,machine,version,release,system,mac_ver,win32_ver,architecture,freedesktop_os_release} system -> system
py:getpass.getuser system -> system
py:getpass.getpass peripheral -> peripheral
py:socket.{gethostname,getfqdn} system -> system
py:os.{uname,getlogin,getuid,geteuid,cpu_count,getgroups} system -> system
py:uuid.{getnode,uuid1} system -> system
py:pwd.{getpwuid,getpwnam,getpwall} system -> system
py:grp.getgrall system -> system
py:spwd.{getspnam,getspall} read -> credential
py:locale.getdefaultlocale system -> system
py:sys.getwindowsversion system -> system
pypi:psutil.{process_iter,net_if_addrs,net_connections,users,cpu_count,virtual_memory,disk_partitions,boot_time,disk_usage,cpu_freq,sensors_battery} system -> system
pypi:psutil.Process - -> itself
pypi:cpuinfo.get_cpu_info system -> system
pypi:GPUtil.getGPUs system -> system
pypi:distro.{id,name,info,version} system -> system
pypi:netifaces.{interfaces,ifaddresses,gateways} system -> system
pypi:getmac.get_mac_address system -> system
pypi:machineid.{id,hashed_id} system -> system
pypi:wmi.WMI.{Win32_ComputerSystem,Win32_OperatingSystem,Win32_Processor,Win32_VideoController,Win32_BaseBoard,Win32_ComputerSystemProduct} system -> system
pypi:geocoder.ip system -> system
pypi:screeninfo.get_monitors system -> system
pypi:pyperclip.{paste,waitForPaste,waitForNewPaste} peripheral -> peripheral
pypi:pyperclip.copy peripheral D:text
pypi:clipboard.{paste} peripheral -> peripheral
pypi:clipboard.copy peripheral D:text
pypi:win32clipboard.{GetClipboardData} peripheral -> peripheral
pypi:win32clipboard.{SetClipboardData,SetClipboardText} peripheral D:data
pypi:pynput.{keyboard,mouse}.{Listener,GlobalHotKeys} peripheral F:on_press F:on_release -> itself
pypi:pynput.{keyboard,mouse}.Controller peripheral -> itself
pypi:keyboard.{on_press,on_release,hook,add_hotkey} peripheral F:callback
pypi:keyboard.{record,read_key,read_event,start_recording,get_typed_strings} peripheral -> peripheral
pypi:mouse.{hook,on_click} peripheral F:callback
pypi:pyautogui.{screenshot,locateOnScreen} peripheral -> peripheral
pypi:pyautogui.{typewrite,write,press,hotkey,click} peripheral D:message
pypi:mss.{mss} peripheral -> itself
pypi:mss.mss.{shot,grab,save} peripheral -> peripheral
pypi:PIL.ImageGrab.{grab,grabclipboard} peripheral -> peripheral
pypi:pyscreenshot.grab peripheral -> peripheral
pypi:cv2.VideoCapture peripheral -> itself
pypi:cv2.VideoCapture.{read,retrieve} - -> peripheral
pypi:sounddevice.{rec,InputStream,RawInputStream} peripheral -> peripheral
pypi:pyaudio.PyAudio peripheral -> itself
pypi:pyaudio.PyAudio.open peripheral -> peripheral
pypi:pyWinhook.HookManager peripheral -> itself
pypi:pyHook.HookManager peripheral -> itself
pypi:evdev.InputDevice peripheral P:dev -> peripheral
pypi:Xlib.display.Display peripheral -> itself
pypi:AppKit.NSPasteboard.generalPasteboard peripheral -> peripheral
pypi:pyrx.{get_rx_hash} mining D:blob
pypi:pycryptonight.cn_slow_hash mining D:blob
pypi:pyopencl.create_some_context - -> itself
";
