//! Requests, connections, and what listens.

pub(super) const TABLE: &str = "
py:urllib.request.{urlopen,urlretrieve} request U:url D:data -> network
py:urllib.request.urlretrieve write U:url T:filename
py:urllib.request.URLopener.{open,retrieve} request U:url -> network
py:urllib.request.{URLopener,FancyURLopener} - -> py:urllib.request.URLopener
py:urllib.request.Request request U:url D:data D:headers -> itself
py:urllib.request.build_opener - -> py:urllib.request.OpenerDirector
py:urllib.request.OpenerDirector.open request U:fullurl D:data -> network
py:http.client.{HTTPConnection,HTTPSConnection} connect H:host R:port -> itself
py:http.client.{HTTPConnection,HTTPSConnection}.request request @H O:method U:url D:body D:headers
py:http.client.{HTTPConnection,HTTPSConnection}.{send,endheaders,putheader} request @H D:data D:more
py:http.client.{HTTPConnection,HTTPSConnection}.getresponse - -> network
py:xmlrpc.client.{ServerProxy,Server} request U:uri -> network
py:http.server.{HTTPServer,ThreadingHTTPServer} listen H:server_address
py:socketserver.{TCPServer,UDPServer,ThreadingTCPServer} listen H:server_address
py:asyncio.{open_connection,create_connection} connect H:host R:port -> network
py:asyncio.start_server listen _ H:host R:port
py:socket.socket - -> itself
py:socket.{create_connection} connect H:address -> py:socket.socket
py:socket.{create_server} listen H:address -> py:socket.socket
py:socket.socket.{connect,connect_ex} connect H:address
py:socket.socket.{send,sendall,sendfile} connect @H D:data
py:socket.socket.sendto connect @H D:data H:address
py:socket.socket.{recv,recvfrom,recv_into,makefile,recvmsg} - -> network
py:socket.socket.bind listen H:address
py:socket.socket.listen - -> nothing
py:socket.socket.accept - -> network
py:socket.{gethostbyname,getaddrinfo,gethostbyname_ex,gethostbyaddr} lookup H:host
py:ssl.{wrap_socket} - H:sock -> py:socket.socket
py:ssl.{create_default_context,SSLContext} - -> py:ssl.SSLContext
py:ssl._create_unverified_context - -> py:ssl.SSLContext
py:ssl.SSLContext.wrap_socket - H:sock -> py:socket.socket
py:ftplib.{FTP,FTP_TLS} connect H:host D:user D:passwd -> itself
py:ftplib.{FTP,FTP_TLS}.{storbinary,storlines} connect @H O:cmd D:fp
py:ftplib.{FTP,FTP_TLS}.{login} connect @H D:user D:passwd
py:ftplib.{FTP,FTP_TLS}.{retrbinary,retrlines} connect @H O:cmd -> network
py:smtplib.{SMTP,SMTP_SSL} connect H:host R:port -> itself
py:smtplib.{SMTP,SMTP_SSL}.{sendmail} connect @H O:from_addr O:to_addrs D:msg
py:smtplib.{SMTP,SMTP_SSL}.{send_message,login} connect @H D:msg
py:telnetlib.Telnet connect H:host R:port -> itself
py:telnetlib.Telnet.{write} connect @H D:buffer
py:poplib.{POP3,POP3_SSL} connect H:host R:port -> network
py:imaplib.{IMAP4,IMAP4_SSL} connect H:host R:port -> network
pypi:requests.{get,post,put,patch,delete,head,options} request U:url D:data D:json D:params D:headers D:files D:cookies -> network
pypi:requests.request request O:method U:url D:data D:json D:params D:headers D:files -> network
pypi:requests.Session - -> itself
pypi:requests.Session.{get,post,put,patch,delete,head,options} request U:url D:data D:json D:params D:headers D:files -> network
pypi:requests.Session.request request O:method U:url D:data D:json D:params D:headers D:files -> network
pypi:httpx.{get,post,put,patch,delete,head,options,stream} request U:url D:data D:json D:params D:headers D:files D:content -> network
pypi:httpx.request request O:method U:url D:data D:json D:params D:headers D:files D:content -> network
pypi:httpx.{Client,AsyncClient} - O:base_url -> itself
pypi:httpx.{Client,AsyncClient}.{get,post,put,patch,delete,head} request U:url D:data D:json D:params D:headers D:files D:content -> network
pypi:httpx.{Client,AsyncClient}.request request O:method U:url D:data D:json D:params D:headers D:content -> network
pypi:aiohttp.ClientSession - -> itself
pypi:aiohttp.ClientSession.{get,post,put,patch,delete,head,ws_connect} request U:url D:data D:json D:params D:headers -> network
pypi:aiohttp.ClientSession.request request O:method U:url D:data D:json D:params D:headers -> network
pypi:aiohttp.request request O:method U:url D:data D:json D:params D:headers -> network
pypi:urllib3.{PoolManager,ProxyManager} - -> pypi:urllib3.PoolManager
pypi:urllib3.PoolManager.{request,request_encode_body,request_encode_url,urlopen} request O:method U:url D:fields D:body D:headers -> network
pypi:urllib3.request request O:method U:url D:body D:fields D:json -> network
pypi:urllib3.{HTTPConnectionPool,HTTPSConnectionPool} connect H:host R:port -> itself
pypi:urllib3.{HTTPConnectionPool,HTTPSConnectionPool}.request request @H O:method U:url D:fields D:body -> network
pypi:httplib2.Http - -> itself
pypi:httplib2.Http.request request U:uri O:method D:body D:headers -> network
pypi:pycurl.Curl - -> itself
pypi:pycurl.Curl.setopt request O:option U:value
pypi:wget.download request U:url T:out -> network
pypi:wget.download write U:url T:out
pypi:urlgrabber.urlopen request U:url -> network
pypi:cloudscraper.create_scraper - -> pypi:requests.Session
pypi:curl_cffi.requests.{get,post,put} request U:url D:data D:json D:headers -> network
pypi:tls_client.Session - -> pypi:requests.Session
pypi:grequests.{get,post,put} request U:url D:data D:json -> network
pypi:treq.{get,post,put} request U:url D:data D:json -> network
pypi:websocket.{create_connection,WebSocketApp} connect U:url -> pypi:websocket.WebSocket
pypi:websocket.WebSocket - -> itself
pypi:websocket.WebSocket.{send,send_binary} connect @U D:payload
pypi:websocket.WebSocket.connect connect U:url
pypi:websocket.WebSocket.recv - -> network
pypi:websockets.{connect,client.connect,sync.client.connect} connect U:uri -> pypi:websockets.Connection
pypi:websockets.Connection.send connect @U D:message
pypi:websockets.Connection.recv - -> network
pypi:websockets.serve listen _ H:host R:port
pypi:dns.resolver.{resolve,query} lookup H:qname -> network
pypi:dns.resolver.Resolver - -> itself
pypi:dns.resolver.Resolver.{resolve,query} lookup H:qname -> network
pypi:dhooks.Webhook request U:url -> itself
pypi:dhooks.Webhook.{send,modify} request @U D:content D:embed D:file
pypi:discord_webhook.DiscordWebhook request U:url D:content -> itself
pypi:discord_webhook.DiscordWebhook.{execute,add_embed,add_file} request @U D:file
pypi:discord.{SyncWebhook,Webhook}.from_url request U:url -> pypi:dhooks.Webhook
pypi:telegram.Bot request D:token -> itself
pypi:telegram.Bot.{send_message,send_document,send_photo} request @D O:chat_id D:text
pypi:telebot.TeleBot request D:token -> itself
pypi:telebot.TeleBot.{send_message,send_document,send_photo} request @D O:chat_id D:text
pypi:paramiko.Transport connect H:sock -> itself
pypi:pysftp.Connection connect H:host D:username D:password -> itself
pypi:boto3.{client,resource} connect N:service -> itself
pypi:scapy.all.{send,sendp,sr,sr1} connect D:packet
pypi:socks.socksocket - -> py:socket.socket
pypi:pyngrok.ngrok.connect listen R:addr
";
