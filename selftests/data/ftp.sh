# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the test of FTP.
#
#   ftp_files              a file of 200,000 bytes in /srv/ftp
#   vsftpd_start, pureftpd_start, proftpd_start   a server on port 21 of s, IPv4 and
#                          IPv6; its pid is in SERVER
#   ftp_stop               ends it

SERVER=''

ftp_files()
{
	mkdir -p /srv/ftp && head -c 200000 /dev/urandom >/srv/ftp/file && chmod -R a+rX /srv/ftp
}

ftp_listens()
{
	wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
}

vsftpd_start()
{
	mkdir -p /run/vsftpd/empty
	cat >/tmp/vsftpd.conf <<-'EOT'
		listen_ipv6=YES
		anonymous_enable=YES
		anon_root=/srv/ftp
		no_anon_password=YES
		secure_chroot_dir=/run/vsftpd/empty
		seccomp_sandbox=NO
		pasv_promiscuous=NO
	EOT
	chmod 755 /srv/ftp
	nsenter --net=/run/netns/s vsftpd /tmp/vsftpd.conf >/tmp/vsftpd.log 2>&1 &
	SERVER=$!
	ftp_listens
}

pureftpd_start()
{
	nsenter --net=/run/netns/s pure-ftpd -e -S 21 >/tmp/pureftpd.log 2>&1 &
	SERVER=$!
	ftp_listens
}

proftpd_start()
{
	cat >/tmp/proftpd.conf <<-'EOT'
		UseIPv6 on
		UseReverseDNS off
		WtmpLog off
		DelayEngine off
		ScoreboardFile none
		PidFile /run/proftpd.pid
		SystemLog /tmp/proftpd.log
		RequireValidShell off
		User nobody
		Group nogroup
		<Anonymous /srv/ftp>
			User nobody
			Group nogroup
			UserAlias anonymous nobody
		</Anonymous>
	EOT
	nsenter --net=/run/netns/s proftpd -n -c /tmp/proftpd.conf >/tmp/proftpd.out 2>&1 &
	SERVER=$!
	ftp_listens
}

ftp_stop()
{
	stop "$SERVER"
	wait_for '! ns s ss -Hltn sport = :21 | grep -q .' 10
}
